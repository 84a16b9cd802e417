// Nanoseconds a logit of the cross-entropy of rows, the common form beside practical.c: the least of some rounds.
#include FORM
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// log(sum of e^(x - max)) - (x_t - max), with the exp of libm.
static real common(const real *x, size_t n, int32_t t) {
  real max = x[0], sum = 0;
  for (size_t i = 1; i < n; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < n; i++) sum += sizeof(real) == 4 ? expf(x[i] - max) : exp(x[i] - max);
  return log(sum) - (x[t] - max);
}
// The same with the exp of practical.c, in lanes: a common form that compilers vectorise.
static real common_in_lanes(const real *x, size_t n, int32_t t) {
  real tops[LANES], sums[LANES] = {0}, max, sum = 0;
  size_t i, whole = n - n % LANES;
  for (int k = 0; k < LANES; k++) tops[k] = -INFINITY;
  for (i = 0; i < whole; i += LANES)
    for (int k = 0; k < LANES; k++) tops[k] = x[i + k] > tops[k] ? x[i + k] : tops[k];
  for (; i < n; i++) tops[0] = x[i] > tops[0] ? x[i] : tops[0];
  max = tops[0];
  for (int k = 1; k < LANES; k++) max = tops[k] > max ? tops[k] : max;
  for (i = 0; i < whole; i += LANES)
    for (int k = 0; k < LANES; k++) sums[k] += scaled_exp(x[i + k] - max, 0);
  for (; i < n; i++) sums[0] += scaled_exp(x[i] - max, 0);
  for (int k = 0; k < LANES; k++) sum += sums[k];
  return log(sum * power_of_two(-SCALE)) - (x[t] - max);
}
static real practical(const real *x, size_t n, int32_t t) { return cross_entropy(x, NULL, n, t, (options){.ignore_index = -1}); }

enum { ROUNDS = 31 };
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}
static int by_size(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(void) {
  real (*forms[])(const real *, size_t, int32_t) = {common, common_in_lanes, practical};
  size_t counts[] = {10, 1000, 128000}, total = 512000;
  real *x = malloc(total * sizeof *x);
  volatile real sink = 0;
  for (size_t i = 0; i < total; i++) {
    x[i] = 0;  // nearly normal: the sum of twelve uniform numbers
    for (int k = 0; k < 12; k++) x[i] += rand() / (real)RAND_MAX - (real)0.5;
  }
  for (int c = 0; c < 3; c++) {
    double times[3][ROUNDS];
    for (int round = 0; round < ROUNDS; round++)
      for (int f = 0; f < 3; f++) {
        double began = now();
        for (size_t at = 0; at + counts[c] <= total; at += counts[c]) sink += forms[f](x + at, counts[c], (int32_t)(at % counts[c]));
        times[f][round] = (now() - began) / total;
      }
    for (int f = 0; f < 3; f++) qsort(times[f], ROUNDS, sizeof(double), by_size);
    printf("%zu %.3f %.3f %.3f\n", counts[c], times[0][0], times[1][0], times[2][0]);
  }
}
