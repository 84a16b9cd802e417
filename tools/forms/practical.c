// Softmax, cross-entropy and their gradients within 4 ulp of the exact values, in C11. Copy it.
// SPDX-License-Identifier: 0BSD
//
// Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit
// is left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) +
// log(1 + rest), terms of one sign, and the gradient at the greatest logit -rest / (1 + rest).
// README.md derives the bounds, for every finite row; u is half an ulp of 1. Compile with -O3 -march=native,
// never with -ffast-math. `real` is float, or double with -DREAL_IS_DOUBLE; a 16-bit row goes through float.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#ifdef REAL_IS_DOUBLE
typedef double real; typedef uint64_t bits;
enum { DIGITS = 52, BIAS = 1023, SCALE = 900, EXP_DEGREE = 10, LOG_DEGREE = 7, LANES = 16 };
static const real MAGIC = 0x1.8p52, LEAST = -1332, LOG2_E = 1.4426950408889634;
static const real LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33, ROOT_HALF = 0.7071067811865476;
static const real EXP[] = {0.5, 0.16666666666666682, 0.04166666666666609, 0.008333333333316956,
    0.001388888888911665, 0.00019841269896601752, 2.480158692523475e-5, 2.755723462686463e-6,
    2.7557582531793485e-7, 2.5112123607818918e-8, 2.0826565566538653e-9},
  LOG[] = {0.6666666666666666, 0.40000000000006036, 0.28571428569106244, 0.22222222648278142,
    0.1818177529301841, 0.15387115241022803, 0.13249423957143355, 0.13258666347990528};
#else
typedef float real; typedef uint32_t bits;
enum { DIGITS = 23, BIAS = 127, SCALE = 100, EXP_DEGREE = 5, LOG_DEGREE = 3, LANES = 16 };
static const real MAGIC = 0x1.8p23f, LEAST = -156, LOG2_E = 1.44269504f;
static const real LN2_HIGH = 0.693359375f, LN2_LOW = -2.12194440e-4f, ROOT_HALF = 0.70710678f;
static const real EXP[] = {0.5f, 0.16666666f, 0.041666295f, 0.008333498f, 0.0013944735f, 0.00019790142f},
  LOG[] = {0.6666666f, 0.40000337f, 0.28536975f, 0.2359025f};
#endif
typedef struct { double label_smoothing, z_loss; int32_t ignore_index; } options;
typedef struct { real max, rest, log; } row;  // log is that of 1 + rest
static inline bits bits_of(real x) { union { real x; bits b; } v = {.x = x}; return v.b; }
static inline real real_of(bits b) { union { bits b; real x; } v = {b}; return v.x; }
static inline real power_of_two(bits k) { return real_of((k + BIAS) << DIGITS); }
static inline real where(int yes, real x) { return real_of(bits_of(x) & -(bits)yes); }  // x or 0, no branch

// a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth).
static inline real two_sum(real a, real b, real *lost) {
  real sum = a + b, addend = sum - a;
  *lost = (a - (sum - addend)) + (b - addend);
  return sum;
}

// e^(a + b) 2^SCALE for a <= 0 and |b| <= ulp(a)/2: within 1.5 u. Scaled, terms far below the least
// normal number keep their digits; what is below e^LEAST, which no result can hold, counts as that.
static inline real scaled_exp(real a, real b) {
  b = where(a >= LEAST, b), a = a < LEAST ? LEAST : a;  // b is NaN where a = -inf
  real shifted = a * LOG2_E + MAGIC, n = shifted - MAGIC;  // the integer nearest to a / log 2
  real r = (a - n * LN2_HIGH) + (b - n * LN2_LOW), q = EXP[EXP_DEGREE];
  for (int i = EXP_DEGREE; i-- > 0;) q = q * r + EXP[i];
  return (1 + (r + r * r * q)) * power_of_two(bits_of(shifted) - bits_of(MAGIC) + SCALE);
}

// log(1 + s + e) = k log 2 + log(1 + f) for s >= 0 and |e| <= ulp(s): within 1.4 u.
static inline real log_of_one_plus(real s, real e) {
  real lost, total = two_sum(1, s, &lost);
  int k = (int)((bits_of(total) - bits_of(ROOT_HALF)) >> DIGITS);
  real down = power_of_two(-k), high = total * down - 1, low = (lost + e) * down;
  real f = high + low, g = f / (2 + f), t = g * g, half = f * f / 2, p = LOG[LOG_DEGREE];
  for (int i = LOG_DEGREE; i-- > 0;) p = p * t + LOG[i];
  return k * LN2_HIGH + (high + (low - (half - (g * (half + t * p) + k * LN2_LOW))));
}
// Every 64 terms what their sum lost joins it, or that would round as well, in a long row.
static inline void fold(size_t i, real *sum, real *lost) {
  if (i % 64 == 0 && *sum < INFINITY) *sum = two_sum(*sum, *lost, lost);
}
static inline void add(real x, real max, real *sum, real *lost, real *ties) {
  real b, e, d = two_sum(x, -max, &b), term = scaled_exp(d, b);
  *sum = two_sum(*sum, where(x != max, term), &e), *lost += e, *ties += x == max;
}
static row row_of(const real *x, size_t n) {
  real tops[LANES], last[LANES], sum[LANES] = {0}, lost[LANES] = {0}, ties[LANES] = {0}, b, e;
  size_t whole = n - n % LANES, i;
  for (size_t k = 0; k < LANES; k++) tops[k] = last[k] = whole + k < n ? x[whole + k] : -INFINITY;
  for (i = 0; i < whole; i += LANES)
    for (int k = 0; k < LANES; k++) tops[k] = x[i + k] > tops[k] ? x[i + k] : tops[k];
  for (int h = LANES / 2; h > 0; h /= 2)
    for (int k = 0; k < h; k++) tops[k] = tops[k + h] > tops[k] ? tops[k + h] : tops[k];
  real max = tops[0];
  for (i = 0; i < whole; i += LANES) {
    for (int k = 0; k < LANES; k++) add(x[i + k], max, &sum[k], &lost[k], &ties[k]);
    for (int k = 0; i % (64 * LANES) == 0 && k < LANES; k++) sum[k] = two_sum(sum[k], lost[k], &lost[k]);
  }
  for (int k = 0; whole < n && k < LANES; k++) add(last[k], max, &sum[k], &lost[k], &ties[k]);
  for (int h = LANES / 2; h > 0; h /= 2)
    for (int k = 0; k < h; k++)
      sum[k] = two_sum(sum[k], sum[k + h], &e), lost[k] += lost[k + h] + e, ties[k] += ties[k + h];
  real down = power_of_two(-SCALE), rest = two_sum(sum[0], lost[0], &b) * down;
  rest = two_sum(ties[0] - 1, rest, &e);
  return (row){max, rest, log_of_one_plus(rest, e + b * down)};
}
// (max - x) + log(1 + rest), the loss of a class: within 4 ulp.
static inline real loss_of(row r, real x) {
  real lost, d = two_sum(r.max, -x, &lost);
  return d < INFINITY ? d + (r.log + lost) : d;
}
// The probability of a class: within 5 u.
static inline real share_of(row r, real x) {
  real b, d = two_sum(x, -r.max, &b), p = scaled_exp(d, b) / (1 + r.rest) * power_of_two(-SCALE);
  return x == r.max ? 1 / (1 + r.rest) : p;
}
void softmax(const real *x, size_t n, real *out) {
  row r = row_of(x, n);
  for (size_t i = 0; i < n; i++) out[i] = share_of(r, x[i]);  // -loss_of(r, x[i]) is the log-softmax
}
// The sum of a target after smoothing.
static double total_of(const real *y, size_t n, double smoothing) {
  real sum = 0, lost = 0, e;
  for (size_t i = 0; y && i < n; i++) sum = two_sum(sum, y[i], &e), lost += e, fold(i, &sum, &lost);
  return y ? (1 - smoothing) * (sum + lost) + smoothing : 1;
}
// The loss of a label t or, unless y is null, of a target y[0..n): within 4 ulp.
real cross_entropy(const real *x, const real *y, size_t n, int32_t t, options o) {
  if (!y && t == o.ignore_index) return 0;
  row r = row_of(x, n);
  double share = o.label_smoothing / n, keep = 1 - o.label_smoothing, total = total_of(y, n, o.label_smoothing);
  real head = 0, lost = 0, b, e, loss = y || share ? 0 : loss_of(r, x[t]);
  for (size_t i = 0; (y || share) && i < n; i++) {
    real w = share + keep * (y ? y[i] : i == (size_t)t), d = two_sum(r.max / 2, -x[i] / 2, &b);
    head = two_sum(head, w == 0 ? 0 : w * d, &e);  // halves, which do not overflow
    lost += d < INFINITY ? w * b + e : 0, fold(i, &head, &lost);
  }
  if (y || share) loss = head < INFINITY ? 2 * head + ((real)total * r.log + 2 * lost) : head;
  real lse = two_sum(r.max, r.log, &e), c = o.z_loss;
  return c == 0 ? loss : loss + c * lse * (lse + 2 * e);
}
// Its gradient by x. Of a label: within 4 ulp. Of soft or smoothed targets and with z-loss: within 5 u
// of the greater of p and y, of which little may be left where the two are near.
void cross_entropy_gradient(const real *x, const real *y, size_t n, int32_t t, options o, real *out) {
  row r = row_of(x, n);
  double share = o.label_smoothing / n, keep = 1 - o.label_smoothing, total = total_of(y, n, o.label_smoothing);
  if (o.z_loss) total += 2 * o.z_loss * ((double)r.max + r.log);
  for (size_t i = 0; i < n; i++) {
    double target = share + keep * (y ? y[i] : i == (size_t)t);
    real p = share_of(r, x[i]), others = r.rest / (1 + r.rest), y_i = target, all = total;
    out[i] = x[i] == r.max && 2 * target > total ? (real)(total - target) - all * others : all * p - y_i;
    if (!y && t == o.ignore_index) out[i] = 0;
  }
}

// The binary loss of a logit and a target in [0, 1]: within 4 ulp; softplus(z) is that of y = 0.
real binary_cross_entropy(real z, real y) {
  real a = fabs(z), tail = log_of_one_plus(scaled_exp(-a, 0) * power_of_two(-SCALE), 0), c = z < 0 ? y : 1 - y;
  return c == 0 ? tail : a * c + tail;
}
// Its gradient, sigmoid(z) - y: within 4 ulp for labels and y = 0, and else 4 u of the greater term.
real binary_cross_entropy_gradient(real z, real y) {
  real rest = scaled_exp(-fabs(z), 0) * power_of_two(-SCALE), others = rest / (1 + rest);
  return z < 0 ? others - y : (1 - y) - others;
}
