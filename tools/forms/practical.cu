// Softmax, cross-entropy and their gradients within 4 ulp of the exact values, in CUDA C++. Copy it.
// SPDX-License-Identifier: 0BSD
//
// Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit
// is left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) +
// log(1 + rest), terms of one sign, and the gradient at the greatest logit -rest / (1 + rest).
//
// One block takes one row, and finds maximum and rest in one pass: when a greater logit comes, 1 + rest
// is moved under it as a double word, so that many small steps cost no digits. All is computed in float,
// and 16-bit results are rounded once. README.md derives the bounds, for every finite row, without
// -use_fast_math and -ftz=true; u is half an ulp of 1. THREADS is a power of two.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#ifndef THREADS
#define THREADS 256
#endif
enum { SCALE = 100 };
struct options { float label_smoothing, z_loss; int ignore_index; };
// Of a part of a row: max, and rest + lost = 2^SCALE times the sum of e^(x - max) over the others.
struct part { float max, rest, lost; };

__device__ inline float widened(float x) { return x; }
__device__ inline float widened(__half x) { return __half2float(x); }
__device__ inline float widened(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ inline void store(float *out, float x) { *out = x; }
__device__ inline void store(__half *out, float x) { *out = __float2half_rn(x); }
__device__ inline void store(__nv_bfloat16 *out, float x) { *out = __float2bfloat16_rn(x); }

__device__ inline float power_of_two(int k) { return __int_as_float((k + 127) << 23); }

// a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth).
__device__ inline float two_sum(float a, float b, float *lost) {
  float sum = __fadd_rn(a, b), addend = __fsub_rn(sum, a);
  *lost = __fadd_rn(__fsub_rn(a, __fsub_rn(sum, addend)), __fsub_rn(b, addend));
  if (!(fabsf(sum) < INFINITY)) *lost = 0;
  return sum;
}

// q and n with e^(a + b) = 2^n (1 + q), for a <= 0 and |b| <= ulp(a)/2: within 1.6 u.
__device__ inline float exp_parts(float a, float b, int *n) {
  if (a < -156) a = -156, b = 0;
  *n = a == a ? (int)rintf(a * 1.44269504f) : 0;
  float r = (a - *n * 0.693359375f) + (b + *n * 2.12194440e-4f);
  float q = ((r / 5040 + 1.f / 720) * r + 1.f / 120) * r + 1.f / 24;
  return r + r * r * ((q * r + 1.f / 6) * r + 0.5f);
}

// log(1 + s + e) = k log 2 + log(1 + f) for s >= 0 and |e| <= ulp(s): within 1.4 u.
__device__ inline float log_of_one_plus(float s, float e) {
  float lost, total = two_sum(1, s, &lost);
  int k = (__float_as_int(total) - 0x3F3504F3) >> 23;  // the bits of sqrt(1/2)
  float high = total * power_of_two(-k) - 1, low = (lost + e) * power_of_two(-k), f = high + low;
  float g = f / (2 + f), t = g * g, half = f * f / 2;
  float p = t * (((t * (2.f / 9) + 2.f / 7) * t + 2.f / 5) * t + 2.f / 3);
  return k * 0.693359375f + (high + (low - (half - (g * (half + p) - k * 2.12194440e-4f))));
}

// The part with the smaller maximum comes under the greater one: (1 + rest) e^(max - greater) joins its rest.
__device__ inline part merged(part a, part b) {
  if (!(a.max >= b.max)) { part c = a; a = b, b = c; }
  if (b.max == -INFINITY) return a;
  float down = power_of_two(-SCALE), lost, sum_lost, power_lost, e;
  float sum = two_sum(1, b.rest * down, &sum_lost), d = two_sum(b.max, -a.max, &lost);
  int n;
  float power = two_sum(1, exp_parts(d, lost, &n), &power_lost), moved = sum * power;
  lost = __fmaf_rn(sum, power, -moved) + (sum * power_lost + (sum_lost + b.lost * down) * power);
  a.rest = two_sum(a.rest, moved * power_of_two(n + SCALE), &e);
  a.rest = two_sum(a.rest, a.lost + (lost * power_of_two(n + SCALE) + e), &a.lost);
  return a;
}
// a + b, each with what it lost.
__device__ inline part added(part a, part b) {
  float lost, sum = two_sum(a.rest, b.rest, &lost);
  sum = two_sum(sum, a.lost + b.lost + lost, &lost);
  return part{0, sum, lost};
}
// What the threads have, as one: everyone gets it.
template <part join(part, part)> __device__ part joined(part mine) {
  __shared__ part parts[THREADS];
  parts[threadIdx.x] = mine;
  for (int half = THREADS / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) parts[threadIdx.x] = join(parts[threadIdx.x], parts[threadIdx.x + half]);
  }
  __syncthreads();
  mine = parts[0];
  __syncthreads();
  return mine;
}

struct row { float max, rest, log; };
template <typename T> __device__ row row_of(const T *x, int n) {
  part mine = {-INFINITY, 0, 0};
  for (int i = threadIdx.x; i < n; i += THREADS) mine = merged(mine, part{widened(x[i]), 0, 0});
  mine = joined<merged>(mine);
  float down = power_of_two(-SCALE), e, rest = two_sum(mine.rest, mine.lost, &e) * down;
  return row{mine.max, rest, log_of_one_plus(rest, e * down)};
}
// (max - x) + log(1 + rest), the loss of a class: within 4 ulp.
__device__ inline float loss_of(row r, float x) {
  float lost, d = two_sum(r.max, -x, &lost);
  return d + (r.log + lost);
}
// The probability of a class: within 5 u.
__device__ inline float share_of(row r, float x) {
  int n;
  float lost, d = two_sum(x, -r.max, &lost), q = exp_parts(d, lost, &n);
  return x == r.max ? 1 / (1 + r.rest) : (1 + q) * power_of_two(n + SCALE) / (1 + r.rest) * power_of_two(-SCALE);
}
template <typename T> __global__ void softmax(const T *x, int n, T *out) {
  x += (size_t)blockIdx.x * n, out += (size_t)blockIdx.x * n;
  row r = row_of(x, n);
  for (int i = threadIdx.x; i < n; i += THREADS) store(out + i, share_of(r, widened(x[i])));
}
template <typename T> __global__ void log_softmax(const T *x, int n, T *out) {
  x += (size_t)blockIdx.x * n, out += (size_t)blockIdx.x * n;
  row r = row_of(x, n);
  for (int i = threadIdx.x; i < n; i += THREADS) store(out + i, -loss_of(r, widened(x[i])));
}

// The loss of the label t[row] or, unless y is null, of the target y[row][0..n): within 4 ulp. The gradient
// of a label within 4 ulp too; of soft or smoothed targets and with z-loss within 5 u of the greater of p
// and y, of which little may be left where the two are near. Either of loss and gradient may be null.
template <typename T>
__global__ void cross_entropy(const T *x, const T *y, const int *t, int n, options o, T *loss, T *gradient) {
  size_t at = (size_t)blockIdx.x * n;
  int label = y ? -1 : t[blockIdx.x];
  bool counts = y || label != o.ignore_index;
  row r = row_of(x + at, n);
  float share = o.label_smoothing / n, keep = 1 - o.label_smoothing, lost;
  part head = {0, 0, 0}, sum = {0, 0, 0};
  for (int i = threadIdx.x; i < n; i += THREADS) {
    float target = y ? widened(y[at + i]) : i == label, w = keep * target + share;
    float d = two_sum(r.max / 2, -widened(x[at + i]) / 2, &lost);  // halves, which do not overflow
    if (w != 0) head = added(head, part{0, w * d, w * lost});
    sum = added(sum, part{0, target, 0});
  }
  head = joined<added>(head), sum = joined<added>(sum);
  float mass = sum.rest + sum.lost, total = keep * mass + o.label_smoothing, lse = r.max + r.log;
  if (loss && threadIdx.x == 0)
    store(loss + blockIdx.x, counts ? 2 * head.rest + (total * r.log + 2 * head.lost) + o.z_loss * lse * lse : 0);
  for (int i = threadIdx.x; gradient && i < n; i += THREADS) {
    float target = y ? widened(y[at + i]) : i == label, w = keep * target + share, p = share_of(r, widened(x[at + i]));
    float others = keep * (mass - target) + (o.label_smoothing - share), rest = r.rest / (1 + r.rest);
    float plain = widened(x[at + i]) == r.max && 2 * w > total ? others - total * rest : total * p - w;
    store(gradient + at + i, counts ? plain + 2 * o.z_loss * lse * p : 0);
  }
}
// The binary loss of a logit z and a target y in [0, 1] is that of the row (z, 0) and the target (y, 1 - y).
