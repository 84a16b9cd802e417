#include "include/FastKernels.h"

#include "Lanes.h"

typedef int ShortBits __attribute__((ext_vector_type(8)));

DISPATCHED size_t lo_round_float(const double *values, size_t count, double below, double above,
                                 float *rounded) {
  ShortBits undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes value;
    __builtin_memcpy(&value, values + i, sizeof value);
    FloatLanes inner = __builtin_convertvector(value * below, FloatLanes);
    FloatLanes outer = __builtin_convertvector(value * above, FloatLanes);
    ShortBits agree = inner == outer;
    FloatLanes result = agree ? inner : (FloatLanes)__builtin_nanf("");
    undecided += agree + 1;
    __builtin_memcpy(rounded + i, &result, sizeof result);
  }
  size_t total = (size_t)__builtin_reduce_add(undecided);
  for (; i < count; i++) {
    float inner = (float)(values[i] * below), outer = (float)(values[i] * above);
    rounded[i] = inner == outer ? inner : __builtin_nanf("");
    total += inner != outer;
  }
  return total;
}
