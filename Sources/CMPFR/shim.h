// What Swift's importer cannot see of MPFR: function-like macros, and functions that a macro
// renames or that exist only where the intmax types are known. Everything else imports directly.

#ifndef LOSS_ORACLE_CMPFR_SHIM_H
#define LOSS_ORACLE_CMPFR_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#define MPFR_USE_INTMAX_T
#include <mpfr.h>

/// x = significand * 2^exponent, rounded to the precision of x.
static inline int shim_mpfr_set_uint64_2exp(
    mpfr_ptr x, uint64_t significand, int64_t exponent, mpfr_rnd_t rounding) {
  return mpfr_set_uj_2exp(x, significand, exponent, rounding);
}

/// The value of x, which must be an integer that fits, as an unsigned 64-bit integer.
static inline uint64_t shim_mpfr_get_uint64(mpfr_srcptr x, mpfr_rnd_t rounding) {
  return mpfr_get_uj(x, rounding);
}

/// The version of the library that was linked, "4.2.0" say.
static inline const char *shim_mpfr_version(void) { return mpfr_get_version(); }

#endif
