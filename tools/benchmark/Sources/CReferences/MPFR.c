#include <mpfr.h>
#include <stdlib.h>

#include "CReferences.h"

// Each function below loses at most this many bits, and the logarithm of the number of terms.
enum { lostBits = 4 };

static int rounded(mpfr_srcptr x, mpfr_prec_t precision, int lost, int bits, double *value) {
  if (!mpfr_can_round(x, precision - lost, MPFR_RNDN, MPFR_RNDZ, bits + 1)) return 0;
  mpfr_t nearest;
  mpfr_init2(nearest, bits);
  mpfr_set(nearest, x, MPFR_RNDN);
  *value = mpfr_get_d(nearest, MPFR_RNDN);
  mpfr_clear(nearest);
  return 1;
}

static void one_logit(int function, double logit, int label, int bits, double *value) {
  double z = function != bench_softplus && label == 1 ? -logit : logit;
  mpfr_t x, w;
  mpfr_inits2(bits + 16, x, w, (mpfr_ptr)0);
  for (mpfr_prec_t precision = bits + 16;; precision *= 2) {
    mpfr_set_prec(x, precision);
    mpfr_set_prec(w, precision);
    mpfr_set_d(x, z < 0 ? z : -z, MPFR_RNDN);
    mpfr_exp(w, x, MPFR_RNDN);
    if (function == bench_binary_gradient) {
      mpfr_add_ui(x, w, 1, MPFR_RNDN);
      if (z >= 0) mpfr_ui_div(x, 1, x, MPFR_RNDN);
      else mpfr_div(x, w, x, MPFR_RNDN);
      if (label == 1) mpfr_neg(x, x, MPFR_RNDN);
    } else {
      mpfr_log1p(x, w, MPFR_RNDN);
      if (z > 0) mpfr_add_d(x, x, z, MPFR_RNDN);
    }
    if (rounded(x, precision, lostBits, bits, value)) break;
  }
  mpfr_clears(x, w, (mpfr_ptr)0);
}

static void row(int function, const double *logits, size_t label, size_t count, int bits,
                double *values) {
  size_t top = 0;
  int lost = lostBits;
  for (size_t i = 1; i < count; i++)
    if (logits[i] > logits[top]) top = i;
  for (size_t i = count; i > 1; i /= 2) lost++;
  int isGradient = function == bench_gradient;
  // A gradient is decided when its least fortunate output is, of so many.
  mpfr_prec_t first = bits + lost + 12 + (isGradient ? lost - lostBits : 0);
  mpfr_t x, sum, total;
  mpfr_inits2(first, x, sum, total, (mpfr_ptr)0);
  mpfr_ptr terms = isGradient ? malloc(count * sizeof(mpfr_t)) : 0;
  for (size_t i = 0; terms != 0 && i < count; i++) mpfr_init2(terms + i, bits);
  for (mpfr_prec_t precision = first;; precision *= 2) {
    mpfr_set_prec(x, precision);
    mpfr_set_prec(sum, precision);
    mpfr_set_prec(total, precision);
    mpfr_set_zero(sum, 1);
    for (size_t i = 0; i < count; i++) {
      if (!isGradient && i == top) continue;
      mpfr_set_d(x, logits[i], MPFR_RNDN);
      mpfr_sub_d(x, x, logits[top], MPFR_RNDN);
      mpfr_exp(x, x, MPFR_RNDN);
      if (isGradient) {
        mpfr_set_prec(terms + i, precision);
        mpfr_set(terms + i, x, MPFR_RNDN);
      }
      if (i != label || !isGradient) mpfr_add(sum, sum, x, MPFR_RNDN);
    }
    int decided = 1;
    if (!isGradient) {
      mpfr_log1p(sum, sum, MPFR_RNDN);
      mpfr_set_d(x, logits[top], MPFR_RNDN);
      mpfr_sub_d(x, x, logits[label], MPFR_RNDN);
      mpfr_add(sum, sum, x, MPFR_RNDN);
      decided = rounded(sum, precision, lost, bits, values);
    } else {
      // p_i = e_i / (others + e_t), and -others / (others + e_t) for the label.
      mpfr_add(total, sum, terms + label, MPFR_RNDN);
      for (size_t i = 0; i < count && decided; i++) {
        mpfr_div(x, i == label ? sum : terms + i, total, MPFR_RNDN);
        if (i == label) mpfr_neg(x, x, MPFR_RNDN);
        decided = rounded(x, precision, lost, bits, values + i);
      }
    }
    if (decided) break;
  }
  for (size_t i = 0; terms != 0 && i < count; i++) mpfr_clear(terms + i);
  free(terms);
  mpfr_clears(x, sum, total, (mpfr_ptr)0);
}

const char *mpfr_name(void) { return mpfr_get_version(); }

void mpfr_losses(int function, const double *logits, const int32_t *labels, size_t rows,
                 size_t classes, int bits, double *values) {
  size_t outputs = function == bench_gradient ? classes : 1;
  for (size_t i = 0; i < rows; i++) {
    if (function < bench_cross_entropy)
      one_logit(function, logits[i], labels[i], bits, values + i);
    else
      row(function, logits + i * classes, (size_t)labels[i], classes, bits, values + i * outputs);
  }
}
