// Softmax, cross-entropy and their gradients within 4 ulp of the exact values, for Metal. Copy it.
// SPDX-License-Identifier: 0BSD
//
// Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit
// is left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) +
// log(1 + rest), terms of one sign, and the gradient at the greatest logit -rest / (1 + rest).
//
// One threadgroup of THREADS, a power of two, takes one row, and finds maximum and rest in one pass: when a
// greater logit comes, 1 + rest is moved under it as a double word, so that many small steps cost no
// digits. All is computed in float, and 16-bit results are rounded once. README.md derives the bounds, for
// every finite row whose results are normal numbers; u is half an ulp of 1. Fast math, which Metal has on,
// takes the errors for 0: compile with -fno-fast-math, or MTLMathModeSafe.
#include <metal_stdlib>
using namespace metal;
#pragma METAL fp contract(off)

#ifndef THREADS
#define THREADS 256
#endif
#define SCALE 100
struct options { float label_smoothing, z_loss; int ignore_index, classes, is_soft; };
// Of a part of a row: max, and rest + lost = 2^SCALE times the sum of e^(x - max) over the others.
struct part { float max, rest, lost; };

inline float power_of_two(int k) { return as_type<float>((k + 127) << 23); }

// a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth).
inline float two_sum(float a, float b, thread float &lost) {
  float sum = a + b, addend = sum - a;
  lost = isfinite(sum) ? (a - (sum - addend)) + (b - addend) : 0;
  return sum;
}

// q and n with e^(a + b) = 2^n (1 + q), for a <= 0 and |b| <= ulp(a)/2: within 1.6 u.
inline float exp_parts(float a, float b, thread int &n) {
  if (a < -156) a = -156, b = 0;
  n = a == a ? (int)rint(a * 1.44269504f) : 0;
  float r = (a - n * 0.693359375f) + (b + n * 2.12194440e-4f);
  float q = ((r / 5040 + 1.f / 720) * r + 1.f / 120) * r + 1.f / 24;
  return r + r * r * ((q * r + 1.f / 6) * r + 0.5f);
}

// log(1 + s + e) = k log 2 + log(1 + f) for s >= 0 and |e| <= ulp(s): within 1.4 u.
inline float log_of_one_plus(float s, float e) {
  float lost, total = two_sum(1, s, lost);
  int k = (as_type<int>(total) - 0x3F3504F3) >> 23;  // the bits of sqrt(1/2)
  float high = total * power_of_two(-k) - 1, low = (lost + e) * power_of_two(-k), f = high + low;
  float g = f / (2 + f), t = g * g, half = f * f / 2;
  float p = t * (((t * (2.f / 9) + 2.f / 7) * t + 2.f / 5) * t + 2.f / 3);
  return k * 0.693359375f + (high + (low - (half - (g * (half + p) - k * 2.12194440e-4f))));
}

// The part with the smaller maximum comes under the greater one: (1 + rest) e^(max - greater) joins its rest.
inline part merged(part a, part b) {
  if (!(a.max >= b.max)) { part c = a; a = b, b = c; }
  if (b.max == -INFINITY) return a;
  float down = power_of_two(-SCALE), lost, sum_lost, power_lost, e;
  float sum = two_sum(1, b.rest * down, sum_lost), d = two_sum(b.max, -a.max, lost);
  int n;
  float power = two_sum(1, exp_parts(d, lost, n), power_lost), moved = sum * power;
  lost = fma(sum, power, -moved) + (sum * power_lost + (sum_lost + b.lost * down) * power);
  a.rest = two_sum(a.rest, moved * power_of_two(n + SCALE), e);
  a.rest = two_sum(a.rest, a.lost + (lost * power_of_two(n + SCALE) + e), a.lost);
  return a;
}
// a + b, each with what it lost.
inline part added(part a, part b) {
  float lost, sum = two_sum(a.rest, b.rest, lost);
  sum = two_sum(sum, a.lost + b.lost + lost, lost);
  return part{0, sum, lost};
}
// What the threads have, as one: everyone gets it.
template <bool IS_MERGED> part joined(part mine, uint me, threadgroup part *parts) {
  parts[me] = mine;
  for (uint half = THREADS / 2; half > 0; half /= 2) {
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (me < half) parts[me] = IS_MERGED ? merged(parts[me], parts[me + half]) : added(parts[me], parts[me + half]);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  mine = parts[0];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return mine;
}

struct row { float max, rest, log; };
template <typename T> row row_of(device const T *x, int n, uint me, threadgroup part *parts) {
  part mine = {-INFINITY, 0, 0};
  for (int i = me; i < n; i += THREADS) mine = merged(mine, part{float(x[i]), 0, 0});
  mine = joined<true>(mine, me, parts);
  float down = power_of_two(-SCALE), e, rest = two_sum(mine.rest, mine.lost, e) * down;
  return row{mine.max, rest, log_of_one_plus(rest, e * down)};
}
// (max - x) + log(1 + rest), the loss of a class: within 4 ulp.
inline float loss_of(row r, float x) {
  float lost, d = two_sum(r.max, -x, lost);
  return d + (r.log + lost);
}
// The probability of a class: within 5 u.
inline float share_of(row r, float x) {
  int n;
  float lost, d = two_sum(x, -r.max, lost), q = exp_parts(d, lost, n);
  return x == r.max ? 1 / (1 + r.rest) : (1 + q) * power_of_two(n + SCALE) / (1 + r.rest) * power_of_two(-SCALE);
}
// The softmax or, with IS_LOG, the log-softmax. The host gives the kernels threadgroup memory for THREADS parts.
template <typename T, bool IS_LOG>
kernel void softmax(device const T *x [[buffer(0)]], device T *out [[buffer(1)]], constant options &o [[buffer(2)]],
                    uint row_index [[threadgroup_position_in_grid]], uint me [[thread_position_in_threadgroup]],
                    threadgroup part *parts [[threadgroup(0)]]) {
  size_t at = size_t(row_index) * o.classes;
  row r = row_of(x + at, o.classes, me, parts);
  for (int i = me; i < o.classes; i += THREADS)
    out[at + i] = T(IS_LOG ? -loss_of(r, float(x[at + i])) : share_of(r, float(x[at + i])));
}

// Loss and gradient of the label t[row] or, where o.is_soft, of the target y[row][0..classes). The loss is
// within 4 ulp, the gradient of a label too; that of soft or smoothed targets and with z-loss within 5 u of
// the greater of p and y, of which little may be left where the two are near. The binary loss of a logit z
// and a target y in [0, 1] is that of the row (z, 0) and the target (y, 1 - y).
template <typename T>
kernel void cross_entropy(device const T *x [[buffer(0)]], device const T *y [[buffer(1)]],
                          device const int *t [[buffer(2)]], device T *loss [[buffer(3)]],
                          device T *gradient [[buffer(4)]], constant options &o [[buffer(5)]],
                          uint row_index [[threadgroup_position_in_grid]],
                          uint me [[thread_position_in_threadgroup]],
                          threadgroup part *parts [[threadgroup(0)]]) {
  size_t at = size_t(row_index) * o.classes;
  int n = o.classes, label = o.is_soft ? -1 : t[row_index];
  bool counts = o.is_soft || label != o.ignore_index;
  row r = row_of(x + at, n, me, parts);
  float share = o.label_smoothing / n, keep = 1 - o.label_smoothing, lost;
  part head = {0, 0, 0}, sum = {0, 0, 0};
  for (int i = me; i < n; i += THREADS) {
    float target = o.is_soft ? float(y[at + i]) : float(i == label), w = keep * target + share;
    float d = two_sum(r.max / 2, -float(x[at + i]) / 2, lost);  // halves, which do not overflow
    if (w != 0) head = added(head, part{0, w * d, w * lost});
    sum = added(sum, part{0, target, 0});
  }
  head = joined<false>(head, me, parts), sum = joined<false>(sum, me, parts);
  float mass = sum.rest + sum.lost, total = keep * mass + o.label_smoothing, lse = r.max + r.log;
  if (me == 0) loss[row_index] = T(counts ? 2 * head.rest + (total * r.log + 2 * head.lost) + o.z_loss * lse * lse : 0);
  for (int i = me; i < n; i += THREADS) {
    float target = o.is_soft ? float(y[at + i]) : float(i == label), logit = float(x[at + i]), p = share_of(r, logit);
    float w = keep * target + share, others = keep * (mass - target) + (o.label_smoothing - share);
    float plain = logit == r.max && 2 * w > total ? others - total * (r.rest / (1 + r.rest)) : total * p - w;
    gradient[at + i] = T(counts ? plain + 2 * o.z_loss * lse * p : 0);
  }
}
