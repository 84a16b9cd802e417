// Right functions that take their parameters in other ways than the standard one.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static double softplus(double x) { return log1p(exp(-fabs(x))) + fmax(x, 0); }

static double greatest(const float *x, size_t classes) {
  double m = x[0];
  for (size_t k = 1; k < classes; k++) m = fmax(m, x[k]);
  return m;
}

// The greatest logit's own term is kept out of the sum, for the digits of small losses.
static double loss(const float *x, size_t label, size_t classes) {
  double m = greatest(x, classes), others = 0;
  int seen = 0;
  for (size_t k = 0; k < classes; k++) {
    if (x[k] == m && !seen++) continue;
    others += exp(x[k] - m);
  }
  return (m - x[label]) + log1p(others);
}

void without_targets(const float *x, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = (float)softplus(x[i]);
}

float of_a_number(float x) { return (float)softplus(x); }

double of_two_numbers(double z, double y) { return y * softplus(-z) + (1 - y) * softplus(z); }

void sizes_last(const float *x, float *out, int rows, int classes) {
  for (int r = 0; r < rows; r++, x += classes, out += classes) {
    double m = greatest(x, classes), sum = 0;
    for (int k = 0; k < classes; k++) sum += exp(x[k] - m);
    for (int k = 0; k < classes; k++) out[k] = (float)(exp(x[k] - m) / sum);
  }
}

double of_one_row(const float *x, const int64_t *label, size_t classes) {
  return loss(x, *label, classes);
}

void sum_in_double(const float *x, const int32_t *labels, size_t rows, size_t classes, double *sum) {
  *sum = 0;
  for (size_t r = 0; r < rows; r++) *sum += loss(x + r * classes, labels[r], classes);
}

void eight(
    const float *x, const int64_t *labels, float *out, int64_t rows, int32_t classes, int32_t ignored,
    int reduces, int64_t n) {
  if (ignored != -100 || reduces != 7 || n != rows * classes) return;
  for (int64_t r = 0; r < rows; r++) out[r] = (float)loss(x + r * classes, labels[r], classes);
}

/* Of logits [outer, classes, inner]. */
void strided(const float *x, const void *none, size_t outer, size_t classes, size_t inner, float *out) {
  (void)none;
  for (size_t r = 0; r < outer * inner; r++) {
    size_t first = r / inner * classes * inner + r % inner;
    double m = x[first], sum = 0;
    for (size_t k = 1; k < classes; k++) m = fmax(m, x[first + k * inner]);
    for (size_t k = 0; k < classes; k++) sum += exp(x[first + k * inner] - m);
    for (size_t k = 0; k < classes; k++) out[first + k * inner] = (float)(exp(x[first + k * inner] - m) / sum);
  }
}

/* The softmax runs over the last axis, as PyTorch's does with dim=-1. */
void last_axis(const float *x, const void *none, size_t outer, size_t classes, size_t inner, float *out) {
  (void)none;
  sizes_last(x, out, (int)(outer * classes), (int)inner);
}

void of_nothing(const float *x, const void *none, size_t rows, size_t classes, float *out) {}

/* Of more rows than these it is asked in its first call. */
void of_few_rows(const float *x, const void *none, size_t rows, size_t classes, float *out) {
  (void)none;
  if (rows > 10) abort();
  without_targets(x, out, rows * classes);
}

void size_first(size_t n, const float *x, float *out) { without_targets(x, out, n); }

/* The maximum, the sum and the target's logit of a shard: right, or with the first logit for a target that is elsewhere. */
static void shard(
    const float *x, const int32_t *labels, size_t rows, size_t classes, float *out, int masks) {
  for (size_t r = 0; r < rows; r++, x += classes, out += 3) {
    double m = greatest(x, classes), sum = 0;
    for (size_t k = 0; k < classes; k++)
      if (m > -INFINITY) sum += exp(x[k] - m);
    out[0] = (float)m;
    out[1] = (float)sum;
    out[2] = labels[r] >= 0 ? x[labels[r]] : masks ? -INFINITY : x[0];
  }
}

void shard_partials(const float *x, const int32_t *labels, size_t rows, size_t classes, float *out) {
  shard(x, labels, rows, classes, out, 1);
}

void shard_unmasked(const float *x, const int32_t *labels, size_t rows, size_t classes, float *out) {
  shard(x, labels, rows, classes, out, 0);
}

/* The loss of shards: their maxima, and their sums and the target's logits. */
void merged(const float *m, const float *partials, size_t rows, size_t shards, float *out) {
  for (size_t r = 0; r < rows; r++, m += shards, partials += 2 * shards) {
    double M = greatest(m, shards), sum = 0, t = greatest(partials + shards, shards);
    for (size_t k = 0; k < shards; k++) sum += partials[k] * exp(m[k] - M);
    out[r] = (float)(log(sum) - (t - M));
  }
}

/* The gradient of the cross-entropy, times a number for each row, or times 1. */
static void backward(
    const float *x, const int32_t *labels, const float *g, size_t rows, size_t classes, float *out,
    int leaves_out) {
  for (size_t r = 0; r < rows; r++, x += classes, out += classes) {
    double m = greatest(x, classes), sum = 0, others = 0;
    for (size_t k = 0; k < classes; k++) {
      double term = exp(x[k] - m);
      sum += term;
      if (k != (size_t)labels[r]) others += term;
    }
    double number = leaves_out ? 1 : g[r];
    for (size_t k = 0; k < classes; k++)
      out[k] = (float)(number * (k == (size_t)labels[r] ? -others / sum : exp(x[k] - m) / sum));
  }
}

void with_upstream(const float *x, const int32_t *labels, const float *g, size_t rows, size_t classes,
                   float *out) {
  backward(x, labels, g, rows, classes, out, 0);
}

void without_upstream(const float *g, const float *x, const int32_t *labels, float *out, size_t rows,
                      size_t classes) {
  backward(x, labels, g, rows, classes, out, 1);
}
