#include "include/FastKernels.h"

#include "WideLanes.h"

// e^(-|z|), the magnitude cut at lo_greatestWideMagnitude.
INLINE LanePair lo_wide_tail(Lanes z) {
  Lanes magnitude = lo_clamped_magnitude(z, lo_greatestWideMagnitude);
  return lo_wide_exponential((LanePair){-magnitude, (Lanes)0});
}

// NaN where the magnitude was cut, and 0 where the value is below half the least subnormal number.
INLINE LanePair lo_without_cut(LanePair value, Lanes z) {
  Lanes replacement = z < lo_leastLogit ? (Lanes)0 : (Lanes)__builtin_nan("");
  value.high = z < -lo_greatestWideMagnitude ? replacement : value.high;
  value.low = z < -lo_greatestWideMagnitude ? (Lanes)0 : value.low;
  return value;
}

DISPATCHED void lo_wide_softplus(const double *logits, size_t count, double logitSign,
                                 double valueSign, double *high, double *low) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load_wide(logits + i, count - i) * logitSign;
    LanePair w = lo_wide_tail(z);
    LanePair tail = lo_wide_log_one_plus(w, lo_log_one_plus_lanes(w.high));
    LanePair value = lo_two_sum(z < 0 ? (Lanes)0 : z, tail.high);
    value.low += tail.low;
    value = lo_without_cut(lo_normalized(value), z);
    lo_store(value.high * valueSign, high + i, count - i);
    lo_store(value.low * valueSign, low + i, count - i);
  }
}

DISPATCHED void lo_wide_sigmoid(const double *logits, size_t count, double logitSign,
                                double valueSign, double *high, double *low) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load_wide(logits + i, count - i) * logitSign;
    LanePair w = lo_wide_tail(z);
    LanePair sum = lo_fast_two_sum((Lanes)1, w.high);
    sum.low += w.low;
    LanePair numerator = {z >= 0 ? (Lanes)1 : w.high, z >= 0 ? (Lanes)0 : w.low};
    LanePair value = lo_without_cut(lo_quotient(numerator, sum), z);
    lo_store(value.high * valueSign, high + i, count - i);
    lo_store(value.low * valueSign, low + i, count - i);
  }
}
