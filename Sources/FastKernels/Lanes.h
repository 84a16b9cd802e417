// Eight doubles at a time, and what the kernels make of them: e^x and log1p in double arithmetic.
// No tables, no branches; nothing is fused but by name: each step is one rounding to nearest, as the
// proofs assume.
//
//     e^x:      x = k log 2 + r, |r| <= log 2 / 2 + 2^-40, then a polynomial and an exponent;
//     log1p(w): 2 artanh(u) for u = w/(2 + w), a polynomial in u^2. All terms are positive, so the
//               relative error stays small where w is.

#ifndef LOSS_ORACLE_LANES_H
#define LOSS_ORACLE_LANES_H

#include "include/Constants.h"

#pragma STDC FP_CONTRACT OFF
// All that takes or returns lanes is inlined, so there is no calling convention to change.
#pragma clang diagnostic ignored "-Wpsabi"

typedef double Lanes __attribute__((ext_vector_type(8)));
typedef float FloatLanes __attribute__((ext_vector_type(8)));
typedef long long Bits __attribute__((ext_vector_type(8)));
typedef int IntLanes __attribute__((ext_vector_type(8)));
enum { laneCount = 8 };
// A chain of additions within a block is this long: its roundings are a share of
// lo_sumBound and lo_wideSumBound.
enum { chainLength = 32 };

#define INLINE static inline __attribute__((always_inline))

// One body, compiled for several instruction sets, where the loader can choose among them. `tools/check-kernels`
// compiles for one at a time, and `tools/measure-speed --avx2` measures without AVX-512 where a processor has it.
#if defined(__x86_64__) && defined(__ELF__) && !defined(LOSS_ORACLE_ONE_INSTRUCTION_SET)
#ifdef LOSS_ORACLE_WITHOUT_AVX512
#define DISPATCHED __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define DISPATCHED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
#else
#define DISPATCHED
#endif

// a b + c, rounded once. Called by name: it is in the processors for which the kernels are compiled beside
// the baseline, and in the library, far slower, on others, with the same bits.
INLINE Lanes lo_fused(Lanes a, Lanes b, Lanes c) { return __builtin_elementwise_fma(a, b, c); }

// The first `count` floats, the last one repeated where there are fewer than eight.
INLINE FloatLanes lo_load_floats(const float *numbers, size_t count) {
  FloatLanes lanes;
  if (count >= laneCount) {
    __builtin_memcpy(&lanes, numbers, sizeof lanes);
  } else {
    for (size_t i = 0; i < laneCount; i++) lanes[i] = numbers[i < count ? i : count - 1];
  }
  return lanes;
}

// The same as doubles.
INLINE Lanes lo_load(const float *numbers, size_t count) {
  return __builtin_convertvector(lo_load_floats(numbers, count), Lanes);
}

// The same of doubles.
INLINE Lanes lo_load_wide(const double *numbers, size_t count) {
  Lanes lanes;
  if (count >= laneCount) {
    __builtin_memcpy(&lanes, numbers, sizeof lanes);
  } else {
    for (size_t i = 0; i < laneCount; i++) lanes[i] = numbers[i < count ? i : count - 1];
  }
  return lanes;
}

// The first `count` of them. A copy of a length that is not a constant is a call.
INLINE void lo_store(Lanes lanes, double *numbers, size_t count) {
  if (count >= laneCount) {
    __builtin_memcpy(numbers, &lanes, sizeof lanes);
  } else {
    for (size_t i = 0; i < count; i++) numbers[i] = lanes[i];
  }
}

// |z|, at most `greatest`.
INLINE Lanes lo_clamped_magnitude(Lanes z, double greatest) {
  Lanes magnitude = __builtin_elementwise_abs(z);
  return magnitude > greatest ? (Lanes)greatest : magnitude;
}

// e^x for -200 <= x <= 0, within lo_exponentialBound; 1 for 0.
INLINE Lanes lo_exponential(Lanes x) {
  Lanes shifted = lo_fused(x, lo_inverseLog2, lo_rounder);
  Lanes k = shifted - lo_rounder;
  // The inner difference is exact.
  Lanes r = lo_fused(-k, lo_log2Low, lo_fused(-k, lo_log2High, x));
  Lanes p = lo_fused(r, lo_e11, lo_e10);
  p = lo_fused(r, p, lo_e9);
  p = lo_fused(r, p, lo_e8);
  p = lo_fused(r, p, lo_e7);
  p = lo_fused(r, p, lo_e6);
  p = lo_fused(r, p, lo_e5);
  p = lo_fused(r, p, lo_e4);
  p = lo_fused(r, p, lo_e3);
  p = lo_fused(r, p, lo_e2);
  p = lo_fused(r, p, 1);
  p = lo_fused(r, p, 1);
  // 2^k for the k in the last bits of `shifted`.
  Bits power = ((Bits)shifted + 1023) << 52;
  return p * (Lanes)power;
}

// e^d for d <= 0, of at most lo_greatestDifference.
INLINE Lanes lo_term(Lanes d) {
  return lo_exponential(d < -lo_greatestDifference ? (Lanes)-lo_greatestDifference : d);
}

// log1p(w) for -0.3 <= w <= 1, the error of w apart within a few roundings.
INLINE Lanes lo_log_one_plus_lanes(Lanes w) {
  Lanes u = w / (2 + w);
  Lanes s = u * u;
  Lanes p = lo_fused(s, lo_a9, lo_a8);
  p = lo_fused(s, p, lo_a7);
  p = lo_fused(s, p, lo_a6);
  p = lo_fused(s, p, lo_a5);
  p = lo_fused(s, p, lo_a4);
  p = lo_fused(s, p, lo_a3);
  p = lo_fused(s, p, lo_a2);
  p = lo_fused(s, p, lo_a1);
  p = lo_fused(s, p, lo_a0);
  p = lo_fused(s, p, 1);
  return (u + u) * p;
}

// For s <= 1 the series itself; above, 1 + s = 2^e g with g in [sqrt(1/2), sqrt 2], and
// e log 2 + 2 artanh((g - 1)/(g + 1)): at least log 2, of which the terms' roundings are few ulps.
INLINE Lanes lo_log_of_sum(Lanes s) {
  Lanes sum = 1 + s;
  Bits exponent = ((Bits)sum - (Bits)(Lanes)0x1.6a09e667f3bcdp-1) >> 52;
  Lanes g = (Lanes)((Bits)sum - (exponent << 52));
  Lanes tail = lo_log_one_plus_lanes(s <= 1 ? s : g - 1);
  Lanes head = __builtin_convertvector(exponent, Lanes) * 0x1.62e42fefa39efp-1;
  return s <= 1 ? tail : head + tail;
}

#endif
