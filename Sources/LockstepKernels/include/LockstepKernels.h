// Arithmetic on the numbers of many rows at once, for `Lockstep`.

#ifndef LOSS_ORACLE_LOCKSTEP_KERNELS_H
#define LOSS_ORACLE_LOCKSTEP_KERNELS_H

#include <stddef.h>

// So many numbers at a time, of a format, held as float32.
enum { lo_lockstepCount = 64 };
typedef enum {
  lo_lockstep_float16,
  lo_lockstep_bfloat16,
  lo_lockstep_float32,
} lo_lockstep_format;

typedef enum {
  lo_lockstep_sum,
  lo_lockstep_difference,
  lo_lockstep_product,
  lo_lockstep_quotient,
  lo_lockstep_maximum,
  lo_lockstep_minimum,
} lo_lockstep_operation;

// The results rounded to the format, to nearest, ties to even. They may take the operands' place.
void lo_lockstep_combine(lo_lockstep_operation operation, lo_lockstep_format format, const float *a,
                         const float *b, float *results);

// Of `finite` the second operand does not matter.
typedef enum {
  lo_lockstep_equal,
  lo_lockstep_less,
  lo_lockstep_lessOrEqual,
  lo_lockstep_finite,
} lo_lockstep_comparison;

// Returns for how many it holds.
size_t lo_lockstep_compare(lo_lockstep_comparison comparison, const float *a, const float *b);

// The entries of a table at the numbers' bits, less the last ones.
void lo_lockstep_look_up(const float *table, unsigned droppedBits, const float *numbers,
                         float *values);

#endif
