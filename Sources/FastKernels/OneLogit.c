#include "include/FastKernels.h"

#include "Lanes.h"

// Negates the logits of label 1, eight at most, where there is room; some of lo_isSpecial and lo_isSoft.
INLINE IntLanes lo_turn_lanes(const float *logits, const int32_t *labels, const float *targets, size_t count,
                              float *turned) {
  FloatLanes z = 0;
  __builtin_memcpy(&z, logits, count * sizeof *logits);
  IntLanes found = (z - z) != 0 ? (IntLanes)lo_isSpecial : (IntLanes)0;
  if (turned == 0) return found;
  IntLanes isOne = 0;
  if (labels != 0) {
    __builtin_memcpy(&isOne, labels, count * sizeof *labels);
    isOne = isOne == 1;
  } else if (targets != 0) {
    FloatLanes y = 0;
    __builtin_memcpy(&y, targets, count * sizeof *targets);
    isOne = y == 1;
    found |= (y == 0) | isOne ? (IntLanes)0 : (IntLanes)lo_isSoft;
  }
  z = isOne ? -z : z;
  __builtin_memcpy(turned, &z, count * sizeof *turned);
  return found;
}

// The same of doubles.
INLINE IntLanes lo_wide_turn_lanes(const double *logits, const int32_t *labels, const double *targets,
                                   size_t count, double *turned) {
  Lanes z = 0;
  __builtin_memcpy(&z, logits, count * sizeof *logits);
  Bits found = (Bits)((z - z) != 0) & lo_isSpecial, isOne = 0;
  if (turned == 0) return __builtin_convertvector(found, IntLanes);
  if (labels != 0) {
    IntLanes label = 0;
    __builtin_memcpy(&label, labels, count * sizeof *labels);
    isOne = __builtin_convertvector(label == 1, Bits);
  } else if (targets != 0) {
    Lanes y = 0;
    __builtin_memcpy(&y, targets, count * sizeof *targets);
    isOne = (Bits)(y == 1);
    found |= ~((Bits)(y == 0) | isOne) & lo_isSoft;
  }
  z = isOne ? -z : z;
  __builtin_memcpy(turned, &z, count * sizeof *turned);
  return __builtin_convertvector(found, IntLanes);
}

// Whole lanes apart from the rest: a copy of a length that is not a constant is a call.
#define AT(numbers) (numbers ? numbers + i : 0)
#define TURN(lanes)                                                                           \
  IntLanes found = 0;                                                                         \
  size_t i = 0;                                                                               \
  for (; i + laneCount <= count; i += laneCount) {                                            \
    found |= lanes(logits + i, AT(labels), AT(targets), laneCount, AT(turned));               \
  }                                                                                           \
  if (i < count) {                                                                            \
    found |= lanes(logits + i, AT(labels), AT(targets), count - i, AT(turned));               \
  }                                                                                           \
  return __builtin_reduce_or(found)

DISPATCHED int lo_turn(const float *logits, const int32_t *labels, const float *targets, size_t count,
                       float *turned) {
  TURN(lo_turn_lanes);
}

DISPATCHED int lo_wide_turn(const double *logits, const int32_t *labels, const double *targets, size_t count,
                            double *turned) {
  TURN(lo_wide_turn_lanes);
}

// Whether all magnitudes were cut, as those of half of all float32 logits are.
INLINE int lo_all_cut(Lanes magnitude) {
  return __builtin_reduce_and((Bits)(magnitude == lo_greatestMagnitude)) != 0;
}

// softplus(z) = max(z, 0) + log1p(e^(-|z|)), within lo_lossBound for |z| <= 126, and for z above;
// below -126 the value and the exact one lie between 0 and 2^-181.
DISPATCHED void lo_softplus(const float *logits, size_t count, double logitSign, double valueSign,
                            double *values) {
  Lanes cut = lo_log_one_plus_lanes(lo_exponential((Lanes)-lo_greatestMagnitude));
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load(logits + i, count - i) * logitSign;
    Lanes head = z < 0 ? (Lanes)0 : z;
    Lanes magnitude = lo_clamped_magnitude(z, lo_greatestMagnitude);
    Lanes tail = cut;
    if (!lo_all_cut(magnitude)) tail = lo_log_one_plus_lanes(lo_exponential(-magnitude));
    lo_store((head + tail) * valueSign, values + i, count - i);
  }
}

// sigmoid(z) = w/(1 + w) or 1/(1 + w) with w = e^(-|z|), within lo_sigmoidBound; below -126 as above.
DISPATCHED void lo_sigmoid(const float *logits, size_t count, double logitSign, double valueSign,
                           double *values) {
  Lanes cut = lo_exponential((Lanes)-lo_greatestMagnitude);
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes z = lo_load(logits + i, count - i) * logitSign;
    Lanes magnitude = lo_clamped_magnitude(z, lo_greatestMagnitude);
    Lanes w = cut;
    if (!lo_all_cut(magnitude)) w = lo_exponential(-magnitude);
    Lanes numerator = z >= 0 ? (Lanes)1 : w;
    lo_store(numerator / (1 + w) * valueSign, values + i, count - i);
  }
}
