#include "include/FastKernels.h"

#include "Lanes.h"

// The numbers in [0, 1], a negative 0 as 0; NaN for the others.
INLINE Lanes lo_within_unit(Lanes number) {
  return (Bits)(number >= 0) & (Bits)(number <= 1) ? number + 0 : (Lanes)__builtin_nan("");
}

// log1p(w) for w from sqrt(1/2) - 1 to sqrt 2 - 1, the error of w apart within a few roundings: as
// lo_log_one_plus_lanes, whose polynomial has three terms more for w up to 1.
INLINE Lanes lo_narrow_log_one_plus(Lanes w) {
  Lanes u = w / (2 + w);
  Lanes s = u * u;
  Lanes p = lo_fused(s, lo_g6, lo_g5);
  p = lo_fused(s, p, lo_g4);
  p = lo_fused(s, p, lo_g3);
  p = lo_fused(s, p, lo_g2);
  p = lo_fused(s, p, lo_g1);
  p = lo_fused(s, p, lo_g0);
  p = lo_fused(s, p, 1);
  return (u + u) * p;
}

// -log q for q = 1 - p where that is asked for, else q = p; infinite for 0.
//
// With q = 2^-k g, g in [sqrt(1/2), sqrt 2), it is k log 2 - log1p(g - 1). For k > 0 both g - 1 and, as p > 0.29
// there, 1 - p are exact, and what cancels leaves half of k log 2, whose high part is exact too. For k = 0 it is
// -log1p(-p) of p itself, or of the exact 1 - p: a relative bound holds down to the least p.
INLINE Lanes lo_negated_logarithm(Lanes p, Bits isOfComplement) {
  Lanes q = isOfComplement ? 1 - p : p;
  Bits exponent = ((Bits)q - (Bits)(Lanes)0x1.6a09e667f3bcdp-1) >> 52;
  Lanes change = (Lanes)((Bits)q - (exponent << 52)) - 1;
  change = (Bits)(exponent == 0) & isOfComplement ? -p : change;
  Lanes k = lo_rounder - (Lanes)((Bits)(Lanes)lo_rounder + exponent);
  Lanes tail = lo_narrow_log_one_plus(change);
  Lanes value = lo_fused(k, lo_log2High, lo_fused(k, lo_log2Low, -tail));
  return q == 0 ? (Lanes)__builtin_inf() : value;
}

DISPATCHED void lo_probability_losses(const float *probabilities, const float *targets, size_t count,
                                      double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes p = lo_within_unit(lo_load(probabilities + i, count - i));
    Lanes y = targets ? lo_within_unit(lo_load(targets + i, count - i)) : (Lanes)1;
    Bits isZero = (Bits)(y == 0), isHard = isZero | (Bits)(y == 1);
    Lanes loss = lo_negated_logarithm(p, isZero);
    if (!__builtin_reduce_and(isHard)) {
      Lanes other = lo_negated_logarithm(p, ~(Bits)(Lanes)0 | isZero);
      loss = isHard ? loss : y * loss + (1 - y) * other;
    }
    lo_store(p != p ? p : loss, values + i, count - i);
  }
}

DISPATCHED void lo_probability_gradients(const float *probabilities, const float *targets, size_t count,
                                         double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes p = lo_within_unit(lo_load(probabilities + i, count - i));
    Lanes y = targets ? lo_within_unit(lo_load(targets + i, count - i)) : (Lanes)1;
    Lanes q = 1 - p;
    // Of a hard target one denominator goes out: at 0 and 1 nothing else would be left.
    Lanes numerator = y == 0 ? (Lanes)1 : y == 1 ? (Lanes)-1 : p - y;
    Lanes denominator = y == 0 ? q : y == 1 ? p : p * q;
    lo_store(numerator / denominator, values + i, count - i);
  }
}

DISPATCHED int lo_are_within(const float *numbers, size_t count, float least, float greatest) {
  IntLanes isWithin = ~(IntLanes)0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    FloatLanes some = lo_load_floats(numbers + i, laneCount);
    isWithin &= (some >= least) & (some <= greatest);
  }
  if (i < count) {
    FloatLanes some = lo_load_floats(numbers + i, count - i);
    isWithin &= (some >= least) & (some <= greatest);
  }
  return __builtin_reduce_and(isWithin);
}
