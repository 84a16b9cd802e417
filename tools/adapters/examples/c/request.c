#include "request.h"

#include <string.h>

enum { DEEPEST = 32 };

static const char *skip_space(const char *at) {
  while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n') at++;
  return at;
}

static bool is_digit(char each) { return each >= '0' && each <= '9'; }

/* The functions below take where a value begins and return where it ends, or NULL. */

/* Copies a string without its escapes. What does not fit, or is not ASCII, becomes no known name. */
static const char *read_string(const char *at, char out[NAME_CAPACITY]) {
  size_t length = 0;
  bool known = true;
  if (*at++ != '"') return NULL;
  for (; *at != '"'; at++) {
    if ((unsigned char)*at < ' ') return NULL; /* the end of the line too */
    char each = *at;
    if (each == '\\') {
      at++;
      if (*at == '\0') return NULL;
      known = known && (*at == '"' || *at == '\\' || *at == '/');
      each = *at;
    }
    if (length + 1 < NAME_CAPACITY) out[length++] = each;
    else known = false;
  }
  if (!known) length = 0;
  out[length] = '\0';
  return at + 1;
}

static const char *read_count(const char *at, uint64_t *out) {
  uint64_t value = 0;
  if (!is_digit(*at)) return NULL;
  for (; is_digit(*at); at++) {
    uint64_t digit = (uint64_t)(*at - '0');
    if (value > (UINT64_MAX - digit) / 10) return NULL;
    value = 10 * value + digit;
  }
  *out = value;
  return at;
}

static const char *skip_value(const char *at, int depth) {
  char ignored[NAME_CAPACITY];
  if (*at == '"') return read_string(at, ignored);
  if (*at != '{' && *at != '[') { /* a number, true, false or null */
    const char *start = at;
    while (*at && !strchr(" \t\r\n,]}:\"[{", *at)) at++;
    return at == start ? NULL : at;
  }
  const char closing = *at == '{' ? '}' : ']';
  if (depth == DEEPEST) return NULL;
  at = skip_space(at + 1);
  if (*at == closing) return at + 1;
  for (;;) {
    if (closing == '}') {
      if (!(at = read_string(at, ignored)) || *(at = skip_space(at)) != ':') return NULL;
      at = skip_space(at + 1);
    }
    if (!(at = skip_value(at, depth + 1))) return NULL;
    at = skip_space(at);
    if (*at == closing) return at + 1;
    if (*at != ',') return NULL;
    at = skip_space(at + 1);
  }
}

/* Calls `member` for each member of the object, with its name and where its value begins. */
static const char *read_object(const char *at, struct request *request,
                               const char *(*member)(const char *, const char *, struct request *)) {
  char name[NAME_CAPACITY];
  if (*at != '{') return NULL;
  at = skip_space(at + 1);
  if (*at == '}') return at + 1;
  for (;;) {
    if (!(at = read_string(at, name)) || *(at = skip_space(at)) != ':') return NULL;
    if (!(at = member(skip_space(at + 1), name, request))) return NULL;
    at = skip_space(at);
    if (*at == '}') return at + 1;
    if (*at != ',') return NULL;
    at = skip_space(at + 1);
  }
}

static const char *option(const char *at, const char *name, struct request *request) {
  char value[NAME_CAPACITY] = "";
  const char *end = *at == '"' ? read_string(at, value) : skip_value(at, 1);
  bool changes_nothing = strcmp(name, "reduction") == 0 && strcmp(value, "none") == 0;
  if (end && !changes_nothing && !request->option[0]) {
    strcpy(request->option, name[0] ? name : "?");
  }
  return end;
}

static const char *member(const char *at, const char *name, struct request *request) {
  struct { const char *name; char *out; } strings[] = {
      {"function", request->function}, {"format", request->format},
      {"output_format", request->output_format}, {"target", request->target}};
  struct { const char *name; uint64_t *out; } counts[] = {
      {"protocol", &request->protocol}, {"rows", &request->rows},
      {"classes", &request->classes}, {"payload", &request->payload}};
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    if (strcmp(name, strings[i].name) == 0) return read_string(at, strings[i].out);
  }
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    if (strcmp(name, counts[i].name) == 0) return read_count(at, counts[i].out);
  }
  if (strcmp(name, "options") == 0) {
    return *at == '{' ? read_object(at, request, option) : skip_value(at, 0);
  }
  const char *end = skip_value(at, 0);
  if (end && strcmp(name, "id") == 0 && end - at < NAME_CAPACITY) {
    memcpy(request->id, at, (size_t)(end - at));
    request->id[end - at] = '\0';
  }
  return end;
}

bool request_parse(const char *line, struct request *request) {
  *request = (struct request){.id = "null"};
  const char *end = read_object(skip_space(line), request, member);
  if (!request->output_format[0]) strcpy(request->output_format, request->format);
  return end && *skip_space(end) == '\0';
}
