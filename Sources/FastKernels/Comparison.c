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

typedef struct {
  Bits misrounded, wrongSigns, nonFinite, within;
  Words digest;
} Counts;

// 1/ulp at the end of the enclosure that is nearer to 0.
INLINE Lanes lo_inverse_units(Lanes approximation, LOErrorScale scale) {
  Lanes inner = __builtin_elementwise_abs(approximation * scale.below);
  inner = inner > scale.leastNormal ? inner : (Lanes)scale.leastNormal;
  return (Lanes)((long long)scale.inverseUnitBits - ((Bits)inner & 0x7ff0000000000000));
}

// Counts values, all but the misrounded ones; returns which those are, as -1. The exact ones are numbers at i times a
// sign.
INLINE Bits lo_count(Counts *counts, FloatLanes value, LOExact numbers, size_t i, LOErrorScale scale,
                     double worst, Words index) {
  FloatLanes rounded;
  __builtin_memcpy(&rounded, numbers.rounded + i, sizeof rounded);
  Lanes exact = __builtin_convertvector(rounded, Lanes) * numbers.sign;
  Lanes approximation = lo_load_wide(numbers.approximations + i, laneCount) * numbers.sign;
  Lanes unit = lo_inverse_units(approximation, scale);
  Lanes wide = __builtin_convertvector(value, Lanes);
  Bits isFinite = (Bits)(wide - wide == 0);
  counts->wrongSigns -= (Bits)(wide * approximation < 0) & isFinite;
  counts->nonFinite -= (Bits)(exact - exact == 0) & ~isFinite;
  counts->within &=
      (Bits)(__builtin_elementwise_abs(wide - approximation) * unit <= worst) | ~isFinite;
  counts->digest += lo_mixed(index, value);
  return (Bits)(wide != exact);
}

INLINE LOComparison lo_sums(Counts counts) {
  return (LOComparison){
      .misrounded = (uint64_t)__builtin_reduce_add(counts.misrounded),
      .wrongSigns = (uint64_t)__builtin_reduce_add(counts.wrongSigns),
      .nonFinite = (uint64_t)__builtin_reduce_add(counts.nonFinite),
      .digest = __builtin_reduce_add(counts.digest),
      .hasWorse = __builtin_reduce_and(counts.within) == 0,
  };
}

DISPATCHED LOComparison lo_compare(const float *values, LOExact exact, size_t count, LOErrorScale scale,
                                   double worst, uint64_t firstIndex) {
  Counts counts = {.within = -1};
  Words index = firstIndex + (Words){0, 1, 2, 3, 4, 5, 6, 7};
  for (size_t i = 0; i < count; i += laneCount, index += laneCount) {
    FloatLanes value;
    __builtin_memcpy(&value, values + i, sizeof value);
    counts.misrounded -= lo_count(&counts, value, exact, i, scale, worst, index);
  }
  return lo_sums(counts);
}

DISPATCHED LOComparison lo_compare_pairs(const float *values, LOExact exactFirsts, LOExact exactSeconds,
                                         size_t count, LOErrorScale scale, double worst,
                                         uint64_t firstIndex) {
  Counts counts = {.within = -1};
  Words index = firstIndex + (Words){0, 1, 2, 3, 4, 5, 6, 7};
  for (size_t i = 0; i < count; i += laneCount, index += laneCount) {
    FloatLanes low, high;
    __builtin_memcpy(&low, values + 2 * i, sizeof low);
    __builtin_memcpy(&high, values + 2 * i + laneCount, sizeof high);
    FloatLanes first = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
    FloatLanes second = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
    Bits misrounded = lo_count(&counts, first, exactFirsts, i, scale, worst, index);
    misrounded |= lo_count(&counts, second, exactSeconds, i, scale, worst, ~index & 0xffffffff);
    counts.misrounded -= misrounded;
  }
  return lo_sums(counts);
}
