#include "include/FastKernels.h"

#include "Lanes.h"

// The loss of two classes is a softplus, and its gradient a sigmoid, of the difference d of the logits,
// which may round: the bounds are those of rows, of which these are the shortest.

INLINE Lanes lo_pair_difference(float first, const float *seconds, size_t count, double sign) {
  return (lo_load(seconds, count) - (double)first) * sign;
}

DISPATCHED void lo_pair_losses(float first, const float *seconds, size_t count, double sign,
                               double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes d = lo_pair_difference(first, seconds + i, count - i, sign);
    Lanes w = lo_exponential(-lo_clamped_magnitude(d, lo_greatestDifference));
    Lanes head = d < 0 ? (Lanes)0 : d;
    lo_store(head + lo_log_one_plus_lanes(w), values + i, count - i);
  }
}

DISPATCHED void lo_pair_gradients(float first, const float *seconds, size_t count, double sign,
                                  double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes d = lo_pair_difference(first, seconds + i, count - i, sign);
    Lanes w = lo_exponential(-lo_clamped_magnitude(d, lo_greatestDifference));
    Lanes numerator = d >= 0 ? (Lanes)1 : w;
    lo_store(numerator / (1 + w), values + i, count - i);
  }
}

DISPATCHED void lo_pair_log_sum_exps(float first, const float *seconds, size_t count, double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes x = lo_load(seconds + i, count - i), y = (double)first;
    Lanes w = lo_exponential(-lo_clamped_magnitude(x - y, lo_greatestDifference));
    Lanes tail = lo_log_one_plus_lanes(w);
    Lanes sum = (x > y ? x : y) + tail;
    sum = __builtin_elementwise_abs(sum) >= lo_leastSum * tail ? sum : (Lanes)__builtin_nan("");
    lo_store(sum, values + i, count - i);
  }
}

// With p the lesser probability: p |d| + log1p(e^(-|d|)), where both terms are positive.
DISPATCHED void lo_pair_entropies(float first, const float *seconds, size_t count, double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes d = lo_clamped_magnitude(lo_pair_difference(first, seconds + i, count - i, 1), lo_greatestDifference);
    Lanes w = lo_exponential(-d);
    lo_store(w / (1 + w) * d + lo_log_one_plus_lanes(w), values + i, count - i);
  }
}
