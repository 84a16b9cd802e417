#include "include/FastKernels.h"

#include "Lanes.h"

DISPATCHED size_t lo_round_float(const double *values, size_t count, double below, double above,
                                 float *rounded) {
  IntLanes undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes value;
    __builtin_memcpy(&value, values + i, sizeof value);
    FloatLanes result = lo_rounded_floats(value, below, above, &undecided);
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

// To nearest, ties to even, for numbers of the format's range and below: adding 1.5 * 2^52 units of the
// last place and taking it away.
INLINE Lanes lo_nearest(Lanes magnitude, Lanes shift, double greatest) {
  Lanes rounded = (magnitude + shift) - shift;
  return rounded > greatest ? (Lanes)__builtin_inf() : rounded;
}

// Eight values; NaN where the two ends do not round to the same.
INLINE Lanes lo_narrow(Lanes value, double below, double above, int precision, double leastNormal,
                       double greatest) {
  Lanes magnitude = __builtin_elementwise_abs(value);
  // The unit of one end may be that of the other: where a power of two lies between them, they are so near
  // that both units make it of either.
  Lanes inner = magnitude * below, outer = magnitude * above;
  Lanes binade = inner < leastNormal ? (Lanes)leastNormal : inner;
  Bits exponent = (Bits)binade & 0x7ff0000000000000;
  Lanes shift = (Lanes)(exponent + ((long long)(53 - precision) << 52)) * 1.5;
  inner = lo_nearest(inner, shift, greatest);
  outer = lo_nearest(outer, shift, greatest);
  Lanes result = inner == outer ? inner : (Lanes)__builtin_nan("");
  return __builtin_elementwise_copysign(result, value);
}

DISPATCHED size_t lo_round_narrow(const double *values, size_t count, double below, double above,
                                  int precision, double leastNormal, double greatest,
                                  float *rounded) {
  Bits undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes value = lo_load_wide(values + i, laneCount);
    Lanes result = lo_narrow(value, below, above, precision, leastNormal, greatest);
    FloatLanes narrow = __builtin_convertvector(result, FloatLanes);
    undecided -= (Bits)(result != result);
    __builtin_memcpy(rounded + i, &narrow, sizeof narrow);
  }
  size_t total = (size_t)__builtin_reduce_add(undecided);
  if (i < count) {
    Lanes value = lo_load_wide(values + i, count - i);
    Lanes result = lo_narrow(value, below, above, precision, leastNormal, greatest);
    for (size_t lane = 0; lane < count - i; lane++) {
      rounded[i + lane] = (float)result[lane];
      total += result[lane] != result[lane];
    }
  }
  return total;
}
