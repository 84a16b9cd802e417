#include "include/FastKernels.h"

#include "Lanes.h"

typedef unsigned long long Words __attribute__((ext_vector_type(8)));
typedef unsigned int ShortWords __attribute__((ext_vector_type(8)));

// Each index with its value, every NaN as one, through two multiplications.
INLINE Words lo_mixed(Words index, FloatLanes values) {
  ShortWords bits = values == values ? (ShortWords)values : (ShortWords)0x7fc00000;
  Words mixed = (index << 32 | __builtin_convertvector(bits, Words)) * 0x9e3779b97f4a7c15;
  return (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93;
}

DISPATCHED LOComparison lo_compare(const float *values, const float *exact, const double *approximations,
                                   size_t count, LOErrorScale scale, double sign, double worst,
                                   uint64_t firstIndex) {
  Bits misrounded = 0, wrongSigns = 0, nonFinite = 0, within = -1;
  Words digest = 0, index = firstIndex + (Words){0, 1, 2, 3, 4, 5, 6, 7};
  for (size_t i = 0; i < count; i += laneCount, index += laneCount) {
    FloatLanes value, rounded;
    Lanes approximation = lo_load_wide(approximations + i, laneCount);
    __builtin_memcpy(&value, values + i, sizeof value);
    __builtin_memcpy(&rounded, exact + i, sizeof rounded);
    Lanes wide = __builtin_convertvector(value, Lanes);
    Lanes number = __builtin_convertvector(rounded, Lanes);
    Bits isFinite = (Bits)(wide - wide == 0);
    misrounded -= (Bits)(wide != number);
    wrongSigns -= (Bits)(wide * sign < 0) & isFinite;
    nonFinite -= (Bits)(number - number == 0) & ~isFinite;
    Lanes inner = __builtin_elementwise_abs(approximation * scale.below);
    inner = inner > scale.leastNormal ? inner : (Lanes)scale.leastNormal;
    Lanes unit = (Lanes)((long long)scale.inverseUnitBits - ((Bits)inner & 0x7ff0000000000000));
    within &= (Bits)(__builtin_elementwise_abs(wide - approximation) * unit <= worst) | ~isFinite;
    digest += lo_mixed(index, value);
  }
  return (LOComparison){
      .misrounded = (uint64_t)__builtin_reduce_add(misrounded),
      .wrongSigns = (uint64_t)__builtin_reduce_add(wrongSigns),
      .nonFinite = (uint64_t)__builtin_reduce_add(nonFinite),
      .digest = __builtin_reduce_add(digest),
      .hasWorse = __builtin_reduce_and(within) == 0,
  };
}
