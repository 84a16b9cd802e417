#include "include/FastKernels.h"

#include "Lanes.h"

// The targets in [0, 1]; NaN for the others.
INLINE Lanes lo_load_targets(const float *targets, size_t count) {
  Lanes y = lo_load(targets, count);
  return (Bits)(y >= 0) & (Bits)(y <= 1) ? y : (Lanes)__builtin_nan("");
}

// With the tails' weights adding up to 1, y softplus(-z) + (1 - y) softplus(z) is |z| times the weight of the wrong
// side, and log1p(e^(-|z|)): nothing cancels. Magnitudes are cut where e^(-|z|) is nothing beside |z| times the
// least y, and where there is no such term, below all halves of least subnormals.
DISPATCHED void lo_soft_losses(const float *logits, const float *targets, size_t count, double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load(logits + i, count - i), y = lo_load_targets(targets + i, count - i);
    Lanes weight = z < 0 ? y : 1 - y;
    Lanes magnitude = lo_clamped_magnitude(z, lo_greatestDifference);
    Lanes tail = lo_log_one_plus_lanes(lo_exponential(-magnitude));
    lo_store(__builtin_elementwise_abs(z) * weight + tail, values + i, count - i);
  }
}

// sigmoid(z) - y for z < 0, (1 - y) - sigmoid(-z) for others: a difference of two numbers of which the first
// term's error, or the second's, counts as often as the difference goes into it.
DISPATCHED void lo_soft_gradients(const float *logits, const float *targets, size_t count,
                                  double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load(logits + i, count - i), y = lo_load_targets(targets + i, count - i);
    Lanes w = lo_exponential(-lo_clamped_magnitude(z, lo_greatestDifference));
    Lanes share = w / (1 + w), weight = z < 0 ? y : 1 - y;
    Lanes rest = share - weight;
    rest = __builtin_elementwise_abs(rest) >= lo_leastRest * share ? rest : (Lanes)__builtin_nan("");
    lo_store(z < 0 ? rest : -rest, values + i, count - i);
  }
}
