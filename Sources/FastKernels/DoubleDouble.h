// Sums and products of two doubles each, high and low, of about 106 bits.
//
// M. Joldes, J.-M. Muller, V. Popescu, "Tight and rigorous error bounds for basic building blocks of
// double-word arithmetic", ACM TOMS 44 (2017).

#ifndef LOSS_ORACLE_DOUBLE_DOUBLE_H
#define LOSS_ORACLE_DOUBLE_DOUBLE_H

#include "Lanes.h"

// high + low, |low| at most about an ulp of high.
typedef struct {
  Lanes high, low;
} LanePair;

// a + b exactly, by D. Knuth.
INLINE LanePair lo_two_sum(Lanes a, Lanes b) {
  Lanes sum = a + b, part = sum - a;
  return (LanePair){sum, (a - (sum - part)) + (b - part)};
}

// a + b exactly where |a| >= |b| or a = 0, by T. J. Dekker.
INLINE LanePair lo_fast_two_sum(Lanes a, Lanes b) {
  Lanes sum = a + b;
  return (LanePair){sum, b - (sum - a)};
}

// The same, of a pair.
INLINE LanePair lo_normalized(LanePair a) { return lo_fast_two_sum(a.high, a.low); }

// A product whose relative error is below 5 u^2.
INLINE LanePair lo_product(LanePair a, LanePair b) {
  Lanes high = a.high * b.high;
  Lanes rest = lo_fused(a.high, b.low, a.low * b.high);
  return (LanePair){high, lo_fused(a.high, b.high, -high) + rest};
}

// A sum of positive numbers, whose relative error is below 3 u^2 + 13 u^3 (AccurateDWPlusDW).
INLINE LanePair lo_pair_sum(LanePair a, LanePair b) {
  LanePair s = lo_two_sum(a.high, b.high), t = lo_two_sum(a.low, b.low);
  s.low += t.high;
  s = lo_normalized(s);
  s.low += t.low;
  return lo_normalized(s);
}

// A quotient whose relative error is below 2^-100.
INLINE LanePair lo_quotient(LanePair a, LanePair b) {
  Lanes high = a.high / b.high;
  Lanes rest = lo_fused(-high, b.high, a.high);
  rest = lo_fused(-high, b.low, rest + a.low);
  return lo_fast_two_sum(high, rest / b.high);
}

// What all numbers within a relative bound of the pair round to; NaN where they do not agree.
INLINE Lanes lo_rounded(LanePair value, double bound) {
  Lanes error = value.high * bound;
  Lanes inner = value.high + (value.low - error), outer = value.high + (value.low + error);
  // 0 keeps the sign that a sum of zeros loses.
  return inner == outer ? __builtin_elementwise_copysign(inner, value.high)
                        : (Lanes)__builtin_nan("");
}

typedef double Two __attribute__((ext_vector_type(2)));
typedef double Four __attribute__((ext_vector_type(4)));

// Two neighbours from each place of a table, two loads less than one number at a time.
INLINE LanePair lo_pairs_at(const double *table, Bits places) {
  Two p[laneCount];
  for (int lane = 0; lane < laneCount; lane++) __builtin_memcpy(&p[lane], table + places[lane], sizeof(Two));
  Four a = __builtin_shufflevector(p[0], p[1], 0, 1, 2, 3), b = __builtin_shufflevector(p[2], p[3], 0, 1, 2, 3);
  Four c = __builtin_shufflevector(p[4], p[5], 0, 1, 2, 3), d = __builtin_shufflevector(p[6], p[7], 0, 1, 2, 3);
  Lanes ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  Lanes cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
  return (LanePair){__builtin_shufflevector(ab, cd, 0, 2, 4, 6, 8, 10, 12, 14),
                    __builtin_shufflevector(ab, cd, 1, 3, 5, 7, 9, 11, 13, 15)};
}

INLINE LanePair lo_negated(LanePair a) { return (LanePair){-a.high, -a.low}; }

#endif
