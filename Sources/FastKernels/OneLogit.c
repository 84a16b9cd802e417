#include "include/FastKernels.h"

#include "Lanes.h"

DISPATCHED int lo_turn(const float *logits, const int32_t *labels, size_t count, float *turned) {
  int special = 0;
  for (size_t i = 0; i < count; i++) {
    turned[i] = labels != 0 && labels[i] == 1 ? -logits[i] : logits[i];
    special |= !(logits[i] - logits[i] == 0);
  }
  return special;
}

DISPATCHED int lo_wide_turn(const double *logits, const int32_t *labels, size_t count,
                            double *turned) {
  int special = 0;
  for (size_t i = 0; i < count; i++) {
    turned[i] = labels != 0 && labels[i] == 1 ? -logits[i] : logits[i];
    special |= !(logits[i] - logits[i] == 0);
  }
  return special;
}

// softplus(z) = max(z, 0) + log1p(e^(-|z|)), within lo_lossBound for |z| <= 126, and for z above;
// below -126 the value and the exact one lie between 0 and 2^-181.
DISPATCHED void lo_softplus(const float *logits, size_t count, double logitSign, double valueSign,
                            double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load(logits + i, count - i) * logitSign;
    Lanes head = z < 0 ? (Lanes)0 : z;
    Lanes w = lo_exponential(lo_clamped_magnitude(z, lo_greatestMagnitude));
    Lanes tail = lo_log_one_plus_lanes(w);
    lo_store((head + tail) * valueSign, values + i, count - i);
  }
}

// sigmoid(z) = w/(1 + w) or 1/(1 + w) with w = e^(-|z|), within lo_sigmoidBound; below -126 as above.
DISPATCHED void lo_sigmoid(const float *logits, size_t count, double logitSign, double valueSign,
                           double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load(logits + i, count - i) * logitSign;
    Lanes w = lo_exponential(lo_clamped_magnitude(z, lo_greatestMagnitude));
    Lanes numerator = z >= 0 ? (Lanes)1 : w;
    lo_store(numerator / (1 + w) * valueSign, values + i, count - i);
  }
}
