#include "include/FastKernels.h"

#include "QuickLanes.h"

// NaN where the magnitude is cut, which the kernels of more bits see to.
INLINE Lanes lo_quick_softplus_lanes(Lanes z) {
  Lanes magnitude = __builtin_elementwise_abs(z);
  // Of a NaN too there is a number, which has a place in the table.
  magnitude = magnitude < lo_greatestWideMagnitude ? magnitude : (Lanes)lo_greatestWideMagnitude;
  LanePair w = lo_quick_exponential((LanePair){-magnitude, (Lanes)0});
  LanePair tail = lo_quick_log_one_plus(w);
  LanePair value = lo_two_sum(z < 0 ? (Lanes)0 : z, tail.high);
  value.low += tail.low;
  Lanes rounded = lo_rounded(value, lo_quickBound);
  return z < -lo_greatestWideMagnitude ? (Lanes)__builtin_nan("") : rounded;
}

DISPATCHED size_t lo_quick_softplus(const double *logits, size_t count, double logitSign,
                                    double valueSign, double *rounded) {
  Bits undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes value = lo_quick_softplus_lanes(lo_load_wide(logits + i, laneCount) * logitSign);
    undecided -= (Bits)(value != value);
    lo_store(value * valueSign, rounded + i, laneCount);
  }
  size_t total = (size_t)__builtin_reduce_add(undecided);
  if (i < count) {
    Lanes value = lo_quick_softplus_lanes(lo_load_wide(logits + i, count - i) * logitSign);
    lo_store(value * valueSign, rounded + i, count - i);
    for (size_t lane = 0; lane < count - i; lane++) total += value[lane] != value[lane];
  }
  return total;
}
