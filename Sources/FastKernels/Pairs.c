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
