// What a C program does with the library: exact losses, how far a loss of its own is from them, and the
// input at which that is furthest off.
//
// With the shared library of tools/wheel: cc main.c -I INCLUDE -L FOLDER -lloss_oracle -lm

#include <loss_oracle.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check(lo_status status) {
  if (status == LO_OK) return;
  fprintf(stderr, "%s\n", lo_error_text());
  exit(1);
}

// The loss under test: log-sum-exp without the greatest logit taken off, which overflows.
static float loss(const float *logits, size_t count, size_t label) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) sum += expf(logits[i]);
  return logf(sum) - logits[label];
}

static void showValues(void) {
  float logits[2][3] = {{50, 0, -1}, {1, 2, 3}};
  int64_t labels[2] = {0, 2};
  lo_rows rows = {.size = sizeof rows, .format = "float32", .row_count = 2, .class_count = 3,
                  .logits = logits, .labels = labels};
  lo_question question = {.size = sizeof question, .function = "cross-entropy"};
  float exact[2], computed[2], lower[2], upper[2];
  double ulps[2];
  check(lo_values(&question, &rows, exact, 2));
  check(lo_enclosures(&question, &rows, lower, upper, 2));
  for (int row = 0; row < 2; row++) computed[row] = loss(logits[row], 3, (size_t)labels[row]);
  check(lo_ulp_errors(&question, &rows, computed, 2, ulps));
  for (int row = 0; row < 2; row++) {
    printf("exact %.9g in [%.9g, %.9g], computed %.9g, %.3g ulp off\n", exact[row], lower[row],
           upper[row], computed[row], ulps[row]);
  }
}

static void search(void) {
  lo_handle trial;
  check(lo_trial_start("{\"function\": \"cross-entropy\", \"cases\": 200, \"subject\": \"loss\"}", &trial));
  lo_batch batch = {.size = sizeof batch};
  lo_status status;
  while ((status = lo_trial_next(trial, 0.05, &batch)) != LO_FINISHED) {
    if (status == LO_WAITING) continue;
    check(status);
    float *outputs = calloc(batch.row_count, sizeof(float));
    lo_failure *failures = calloc(batch.row_count, sizeof(lo_failure));
    size_t failureCount = 0;
    for (size_t row = 0; row < batch.row_count; row++) {
      if (batch.labels == NULL) {
        failures[failureCount++] = (lo_failure){row, "unsupported", "it takes class indices"};
      } else {
        const float *logits = (const float *)batch.logits + row * batch.class_count;
        outputs[row] = loss(logits, batch.class_count, (size_t)batch.labels[row]);
      }
    }
    check(lo_trial_answer(trial, batch.number, outputs, batch.row_count, failures, failureCount));
    free(outputs);
    free(failures);
  }
  lo_handle text;
  size_t length;
  check(lo_trial_report(trial, "findings", &text));
  check(lo_text_read(text, NULL, 0, &length));
  char *report = malloc(length + 1);
  check(lo_text_read(text, report, length + 1, NULL));
  printf("%.700s\n", report);
  free(report);
  check(lo_release(text));
  check(lo_release(trial));
}

int main(void) {
  showValues();
  search();
  return 0;
}
