#ifndef BENCHMARK_C_REFERENCES_H
#define BENCHMARK_C_REFERENCES_H

#include <stddef.h>
#include <stdint.h>

// For malloc_trim, which Swift's Glibc leaves out.
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// Correctly rounded losses as a careful C programmer gets them from MPFR and from Arb: at a little more
// than the precision asked for, tested, and again at twice that where it does not decide. Written for these
// measurements, for logits and values in the normal range.

enum { bench_softplus, bench_binary, bench_binary_gradient, bench_cross_entropy, bench_gradient };

/// The versions of the two libraries.
const char *mpfr_name(void);
const char *arb_name(void);

/// values: one for each row, or for `bench_gradient` one for each logit. A label is 0 or 1 for the binary
/// functions, and not looked at by softplus. `bits` is the precision of the format.
void mpfr_losses(int function, const double *logits, const int32_t *labels, size_t rows,
                 size_t classes, int bits, double *values);
void arb_losses(int function, const double *logits, const int32_t *labels, size_t rows,
                size_t classes, int bits, double *values);

#endif
