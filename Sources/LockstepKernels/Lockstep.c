#include "include/LockstepKernels.h"

#pragma STDC FP_CONTRACT OFF
// All that takes or returns lanes is inlined, so there is no calling convention to change.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float FloatLanes __attribute__((ext_vector_type(8)));
typedef int IntLanes __attribute__((ext_vector_type(8)));
typedef unsigned WordLanes __attribute__((ext_vector_type(8)));
enum { laneCount = 8 };

#define INLINE static inline __attribute__((always_inline))

// One body, compiled for several instruction sets, where the loader can choose among them.
#if defined(__x86_64__) && defined(__ELF__)
#define DISPATCHED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define DISPATCHED
#endif

INLINE FloatLanes lo_load(const float *numbers) {
  FloatLanes lanes;
  __builtin_memcpy(&lanes, numbers, sizeof lanes);
  return lanes;
}

// Half of the last place, less one where the kept part is even, carries exactly when due.
INLINE FloatLanes lo_to_bfloat16(FloatLanes value) {
  WordLanes bits = (WordLanes)value;
  WordLanes nearest = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
  WordLanes quiet = (bits & 0xffff0000) | 0x00400000;
  return value == value ? (FloatLanes)nearest : (FloatLanes)quiet;
}

// The last place of numbers in [1/2, 1) is the least number of float16, 2^-24.
INLINE FloatLanes lo_to_float16(FloatLanes value) {
  FloatLanes magnitude = __builtin_elementwise_abs(value);
  WordLanes bits = (WordLanes)magnitude;
  FloatLanes nearest = (FloatLanes)((bits + 0x0fff + (bits >> 13 & 1)) & 0xffffe000);
  nearest = magnitude < 65520.0f ? nearest : (FloatLanes)__builtin_inff();
  nearest = magnitude < 0x1p-14f ? (magnitude + 0.5f) - 0.5f : nearest;
  nearest = value == value ? nearest : value;
  return __builtin_elementwise_copysign(nearest, value);
}

INLINE FloatLanes lo_to_format(FloatLanes value, lo_lockstep_format format) {
  switch (format) {
    case lo_lockstep_bfloat16: return lo_to_bfloat16(value);
    case lo_lockstep_float16: return lo_to_float16(value);
    default: return value;
  }
}

INLINE FloatLanes lo_result(lo_lockstep_operation operation, FloatLanes a, FloatLanes b) {
  switch (operation) {
    case lo_lockstep_sum: return a + b;
    case lo_lockstep_difference: return a - b;
    case lo_lockstep_product: return a * b;
    case lo_lockstep_quotient: return a / b;
    // As Swift's: the other one where one is NaN.
    case lo_lockstep_maximum: return ((a > b) | (b != b)) ? a : b;
    case lo_lockstep_minimum: return ((a <= b) | (b != b)) ? a : b;
  }
}

// Inlined once for each operation and format, so that neither is asked for in the loop.
INLINE void lo_each(lo_lockstep_operation operation, lo_lockstep_format format, const float *a,
                    const float *b, float *results) {
  for (size_t i = 0; i < lo_lockstepCount; i += laneCount) {
    FloatLanes lanes = lo_result(operation, lo_load(a + i), lo_load(b + i));
    lanes = lo_to_format(lanes, format);
    __builtin_memcpy(results + i, &lanes, sizeof lanes);
  }
}

INLINE void lo_each_of_format(lo_lockstep_operation operation, lo_lockstep_format format,
                              const float *a, const float *b, float *results) {
  switch (operation) {
    case lo_lockstep_sum: lo_each(lo_lockstep_sum, format, a, b, results); break;
    case lo_lockstep_difference: lo_each(lo_lockstep_difference, format, a, b, results); break;
    case lo_lockstep_product: lo_each(lo_lockstep_product, format, a, b, results); break;
    case lo_lockstep_quotient: lo_each(lo_lockstep_quotient, format, a, b, results); break;
    case lo_lockstep_maximum: lo_each(lo_lockstep_maximum, format, a, b, results); break;
    case lo_lockstep_minimum: lo_each(lo_lockstep_minimum, format, a, b, results); break;
  }
}

DISPATCHED void lo_lockstep_combine(lo_lockstep_operation operation, lo_lockstep_format format,
                                    const float *a, const float *b, float *results) {
  switch (format) {
    case lo_lockstep_float16:
      lo_each_of_format(operation, lo_lockstep_float16, a, b, results);
      break;
    case lo_lockstep_bfloat16:
      lo_each_of_format(operation, lo_lockstep_bfloat16, a, b, results);
      break;
    case lo_lockstep_float32:
      lo_each_of_format(operation, lo_lockstep_float32, a, b, results);
      break;
  }
}

DISPATCHED size_t lo_lockstep_compare(lo_lockstep_comparison comparison, const float *a,
                                      const float *b) {
  IntLanes holding = 0;
  for (size_t i = 0; i < lo_lockstepCount; i += laneCount) {
    FloatLanes x = lo_load(a + i), y = lo_load(b + i);
    IntLanes equal = x == y, less = x < y;
    switch (comparison) {
      case lo_lockstep_equal: holding -= equal; break;
      case lo_lockstep_less: holding -= less; break;
      case lo_lockstep_lessOrEqual: holding -= equal | less; break;
      case lo_lockstep_finite: holding -= __builtin_elementwise_abs(x) < __builtin_inff(); break;
    }
  }
  return (size_t)__builtin_reduce_add(holding);
}

DISPATCHED void lo_lockstep_look_up(const float *table, unsigned droppedBits, const float *numbers,
                                    float *values) {
  for (size_t i = 0; i < lo_lockstepCount; i++) {
    unsigned bits;
    __builtin_memcpy(&bits, numbers + i, sizeof bits);
    values[i] = table[bits >> droppedBits];
  }
}
