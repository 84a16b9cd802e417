#ifndef BENCHMARK_CARB_H
#define BENCHMARK_CARB_H

#include <stddef.h>

/// The cross-entropy max - x_t + log1p(sum of the others' e^(x - max)) in Arb's ball arithmetic.
///
/// Returns the number of correct bits of the ball, so that the work is not optimised away.
long arb_cross_entropy_bits(const double *logits, size_t count, size_t label, long precision);

#endif
