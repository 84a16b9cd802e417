/* Answers version 1 of the live protocol of `loss-oracle check` with the losses of loss.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "request.h"

enum { LINE_CAPACITY = 65536 + 1 };

enum line { LINE_READ, LINE_END, LINE_TOO_LONG };

static enum line read_line(char line[LINE_CAPACITY]) {
  size_t length = 0;
  for (int each; (each = getchar()) != '\n';) {
    if (each == EOF) return LINE_END;
    if (length + 1 == LINE_CAPACITY) return LINE_TOO_LONG;
    line[length++] = (char)each;
  }
  line[length] = '\0';
  return LINE_READ;
}

/* Why there is no answer: "unsupported" or "error", and the text, which ends with a name. */
struct refusal {
  const char *kind, *why, *name;
};

static void refuse(const struct request *request, struct refusal refusal) {
  printf("{\"id\":%s,\"%s\":\"%s", request->id, refusal.kind, refusal.why);
  for (const char *at = refusal.name; *at; at++) { /* from outside: it might break the quotes */
    putchar(*at < ' ' || *at == '"' || *at == '\\' || *at == 127 ? '?' : *at);
  }
  printf("\"}\n");
}

/* Reads over a payload that there is no memory for, so that the next request is found. */
static void discard(uint64_t count) {
  char some[4096];
  while (count) {
    size_t wanted = count < sizeof some ? (size_t)count : sizeof some;
    if (fread(some, 1, wanted, stdin) != wanted) return;
    count -= wanted;
  }
}

static bool is_binary(const struct request *request) {
  return strcmp(request->function, "binary-cross-entropy") == 0;
}

static bool is_single(const struct request *request) {
  return strcmp(request->format, "float32") == 0;
}

/* What is wrong with a request whose payload has not been looked at; no kind if nothing is. */
static struct refusal check(const struct request *request) {
  bool binary = is_binary(request);
  uint64_t size = is_single(request) ? sizeof(float) : sizeof(double);
  uint64_t target_size = binary ? size : sizeof(int32_t);
  if (request->protocol != 1) {
    return (struct refusal){"unsupported", "this version of the protocol", ""};
  }
  if (!binary && strcmp(request->function, "cross-entropy") != 0) {
    return (struct refusal){"unsupported", "function ", request->function};
  }
  if (!is_single(request) && strcmp(request->format, "float64") != 0) {
    return (struct refusal){"unsupported", "format ", request->format};
  }
  if (strcmp(request->output_format, request->format) != 0) {
    return (struct refusal){"unsupported", "output format ", request->output_format};
  }
  if (request->option[0]) return (struct refusal){"unsupported", "option ", request->option};
  if (strcmp(request->target, binary ? "probabilities" : "index") != 0) {
    return (struct refusal){"unsupported", "target of the kind ", request->target};
  }
  if (request->classes == 0 || (binary && request->classes != 1)) {
    return (struct refusal){"error", "wrong number of classes", ""};
  }
  /* With rows · classes below 2^48, no product overflows. */
  if (request->rows > (UINT64_C(1) << 48) / request->classes ||
      request->rows * (request->classes * size + target_size) != request->payload) {
    return (struct refusal){"error", "the payload has another size than rows and classes say", ""};
  }
  return (struct refusal){NULL, NULL, NULL};
}

static void answer(const struct request *request, const void *payload) {
  struct refusal refusal = check(request);
  if (refusal.kind) {
    refuse(request, refusal);
    return;
  }
  bool binary = is_binary(request), single = is_single(request);
  size_t rows = (size_t)request->rows, classes = (size_t)request->classes;
  size_t size = single ? sizeof(float) : sizeof(double);
  /* The logits have a multiple of 4, or of 8, bytes: the targets are aligned as well. */
  const void *targets = (const char *)payload + rows * classes * size;
  for (size_t row = 0; !binary && row < rows; row++) {
    int32_t target = ((const int32_t *)targets)[row];
    if (target < 0 || (size_t)target >= classes) {
      refuse(request, (struct refusal){"error", "a target index is out of range", ""});
      return;
    }
  }
  void *out = malloc(rows * size + 1); /* not 0, for which malloc may return NULL */
  if (!out) {
    refuse(request, (struct refusal){"error", "out of memory", ""});
    return;
  }
  if (binary && single) binary_cross_entropy_float(payload, targets, rows, classes, out);
  else if (binary) binary_cross_entropy_double(payload, targets, rows, classes, out);
  else if (single) cross_entropy_float(payload, targets, rows, classes, out);
  else cross_entropy_double(payload, targets, rows, classes, out);
  printf("{\"id\":%s,\"payload\":%zu}\n", request->id, rows * size);
  fwrite(out, 1, rows * size, stdout);
  free(out);
}

int main(void) {
  static char line[LINE_CAPACITY];
  const uint16_t one = 1;
  if (*(const char *)&one != 1) {
    fputs("the protocol is little-endian, and this machine is not\n", stderr);
    return EXIT_FAILURE;
  }
  for (;;) {
    enum line read = read_line(line);
    if (read == LINE_END) return EXIT_SUCCESS;
    struct request request;
    if (read == LINE_TOO_LONG) {
      /* How much payload follows is not known: there is no way on. */
      fprintf(stderr, "a request line of more than %d bytes\n", LINE_CAPACITY - 1);
      return EXIT_FAILURE;
    }
    bool well_formed = request_parse(line, &request);
    void *payload = request.payload < SIZE_MAX ? malloc((size_t)request.payload + 1) : NULL;
    if (!payload) {
      discard(request.payload);
      refuse(&request, (struct refusal){"error", "out of memory", ""});
    } else if (fread(payload, 1, (size_t)request.payload, stdin) != request.payload) {
      fputs("the input ended within a payload\n", stderr);
      return EXIT_FAILURE;
    } else if (!well_formed) {
      refuse(&request, (struct refusal){"error", "no JSON object with the members of a request", ""});
    } else {
      answer(&request, payload);
    }
    free(payload);
    if (fflush(stdout) != 0) return EXIT_FAILURE;
  }
}
