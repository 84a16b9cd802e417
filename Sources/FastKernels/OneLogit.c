#include "include/FastKernels.h"

#include "Lanes.h"

typedef int IntLanes __attribute__((ext_vector_type(8)));

// -1 in the lanes of label 1, 0 in others; eight labels at most.
INLINE IntLanes lo_is_one(const int32_t *labels, size_t count) {
  IntLanes lanes = 0;
  if (labels == 0) return lanes;
  __builtin_memcpy(&lanes, labels, (count < laneCount ? count : laneCount) * sizeof *labels);
  return lanes == 1;
}

DISPATCHED int lo_turn(const float *logits, const int32_t *labels, size_t count, float *turned) {
  IntLanes special = 0;
  for (size_t i = 0; i < count; i += laneCount) {
    size_t some = count - i < laneCount ? count - i : laneCount;
    FloatLanes z = 0;
    __builtin_memcpy(&z, logits + i, some * sizeof *logits);
    special |= (IntLanes)((z - z) != 0);
    if (turned == 0) continue;
    z = lo_is_one(labels == 0 ? 0 : labels + i, some) ? -z : z;
    __builtin_memcpy(turned + i, &z, some * sizeof *turned);
  }
  return __builtin_reduce_or(special);
}

DISPATCHED int lo_wide_turn(const double *logits, const int32_t *labels, size_t count,
                            double *turned) {
  Bits special = 0;
  for (size_t i = 0; i < count; i += laneCount) {
    size_t some = count - i < laneCount ? count - i : laneCount;
    Lanes z = 0;
    __builtin_memcpy(&z, logits + i, some * sizeof *logits);
    special |= (Bits)((z - z) != 0);
    if (turned == 0) continue;
    IntLanes isOne = lo_is_one(labels == 0 ? 0 : labels + i, some);
    z = __builtin_convertvector(isOne, Bits) ? -z : z;
    __builtin_memcpy(turned + i, &z, some * sizeof *turned);
  }
  return __builtin_reduce_or(special) != 0;
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
