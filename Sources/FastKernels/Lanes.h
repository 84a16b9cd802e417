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

// Up to where from i on whole eights follow of which none holds a skipped number: those that do, and the last
// ones of less than eight, are looked at number by number.
INLINE size_t lo_whole_lanes_end(size_t i, size_t end, size_t skipped, size_t alsoSkipped) {
  size_t stop = end - (end - i) % laneCount;
  if (skipped - i < stop - i) stop = skipped - (skipped - i) % laneCount;
  if (alsoSkipped - i < stop - i) stop = alsoSkipped - (alsoSkipped - i) % laneCount;
  return stop;
}

// Products by two factors, as floats: NaN where they do not agree, which is counted in each lane.
INLINE FloatLanes lo_rounded_floats(Lanes value, double below, double above, IntLanes *undecided) {
  FloatLanes inner = __builtin_convertvector(value * below, FloatLanes);
  FloatLanes outer = __builtin_convertvector(value * above, FloatLanes);
  IntLanes agree = inner == outer;
  *undecided += agree + 1;
  return agree ? inner : (FloatLanes)__builtin_nanf("");
}

// |z|, at most `greatest`.
INLINE Lanes lo_clamped_magnitude(Lanes z, double greatest) {
  Lanes magnitude = __builtin_elementwise_abs(z);
  return magnitude > greatest ? (Lanes)greatest : magnitude;
}

// The r of x = k log 2 + r; the integer k is what the last bits of `shifted` become.
INLINE Lanes lo_reduced(Lanes x, Bits *shifted) {
  Lanes sum = lo_fused(x, lo_inverseLog2, lo_rounder);
  Lanes k = sum - lo_rounder;
  *shifted = (Bits)sum;
  // The inner difference is exact.
  return lo_fused(-k, lo_log2Low, lo_fused(-k, lo_log2High, x));
}

// e^x for -200 <= x <= 0, within lo_exponentialBound; 1 for 0.
INLINE Lanes lo_exponential(Lanes x) {
  Bits shifted;
  Lanes r = lo_reduced(x, &shifted);
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
  return p * (Lanes)((shifted + 1023) << 52);
}

// e^d for d <= 0, of at most lo_greatestDifference, within lo_termBound: the difference of two logits is less exact,
// so a coefficient less does. 1 for 0, and for NaN a number.
INLINE Lanes lo_term(Lanes d) {
  Bits shifted;
  Lanes r = lo_reduced(d < -lo_greatestDifference ? (Lanes)-lo_greatestDifference : d, &shifted);
  Lanes p = lo_fused(r, lo_t10, lo_t9);
  p = lo_fused(r, p, lo_t8);
  p = lo_fused(r, p, lo_t7);
  p = lo_fused(r, p, lo_t6);
  p = lo_fused(r, p, lo_t5);
  p = lo_fused(r, p, lo_t4);
  p = lo_fused(r, p, lo_t3);
  p = lo_fused(r, p, lo_t2);
  p = lo_fused(r, p, 1);
  p = lo_fused(r, p, 1);
  // The product by 2^k: p is between 1/2 and 2, and k above -300.
  return (Lanes)((Bits)p + (shifted << 52));
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
