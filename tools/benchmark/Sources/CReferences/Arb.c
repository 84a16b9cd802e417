#include "CReferences.h"

#if __has_include(<flint/arb.h>)
#include <flint/arb.h>
#else
#include <arb.h>
#endif

static int rounded(const arb_t x, int bits, double *value) {
  if (!arb_can_round_arf(x, bits, ARF_RND_NEAR)) return 0;
  arf_t nearest;
  arf_init(nearest);
  arf_set_round(nearest, arb_midref(x), bits, ARF_RND_NEAR);
  *value = arf_get_d(nearest, ARF_RND_NEAR);
  arf_clear(nearest);
  return 1;
}

static void one_logit(int function, double logit, int label, int bits, double *value) {
  double z = function != bench_softplus && label == 1 ? -logit : logit;
  arb_t x, w;
  arb_init(x);
  arb_init(w);
  for (slong precision = bits + 16;; precision *= 2) {
    arb_set_d(x, z < 0 ? z : -z);
    arb_exp(w, x, precision);
    if (function == bench_binary_gradient) {
      arb_add_ui(x, w, 1, precision);
      if (z >= 0) arb_inv(x, x, precision);
      else arb_div(x, w, x, precision);
      if (label == 1) arb_neg(x, x);
    } else {
      arb_log1p(x, w, precision);
      if (z > 0) {
        arb_set_d(w, z);
        arb_add(x, x, w, precision);
      }
    }
    if (rounded(x, bits, value)) break;
  }
  arb_clear(x);
  arb_clear(w);
}

static void row(int function, const double *logits, size_t label, size_t count, int bits,
                double *values) {
  size_t top = 0;
  slong guard = 16;
  for (size_t i = 1; i < count; i++)
    if (logits[i] > logits[top]) top = i;
  // Each addition adds its rounding to the radius, and a gradient is decided when its least fortunate
  // output is; without these bits luck decides on a second pass.
  for (size_t i = count; i > 1; i /= 2) guard += function == bench_gradient ? 2 : 1;
  arb_t greatest, x, sum;
  arb_init(greatest);
  arb_init(x);
  arb_init(sum);
  arb_set_d(greatest, logits[top]);
  arb_ptr terms = function == bench_gradient ? _arb_vec_init((slong)count) : 0;
  for (slong precision = bits + guard;; precision *= 2) {
    arb_zero(sum);
    for (size_t i = 0; i < count; i++) {
      if (terms == 0 && i == top) continue;
      arb_set_d(x, logits[i]);
      arb_sub(x, x, greatest, precision);
      arb_exp(x, x, precision);
      if (terms != 0) arb_set(terms + i, x);
      if (i != label || terms == 0) arb_add(sum, sum, x, precision);
    }
    if (terms == 0) {
      arb_log1p(sum, sum, precision);
      arb_set_d(x, logits[label]);
      arb_sub(x, greatest, x, precision);
      arb_add(sum, sum, x, precision);
      if (rounded(sum, bits, values)) break;
      continue;
    }
    // p_i = e_i / (others + e_t), and -others / (others + e_t) for the label.
    int decided = 1;
    arb_add(greatest, sum, terms + label, precision);
    for (size_t i = 0; i < count && decided; i++) {
      arb_div(x, i == label ? sum : terms + i, greatest, precision);
      if (i == label) arb_neg(x, x);
      decided = rounded(x, bits, values + i);
    }
    arb_set_d(greatest, logits[top]);
    if (decided) break;
  }
  if (terms != 0) _arb_vec_clear(terms, (slong)count);
  arb_clear(greatest);
  arb_clear(x);
  arb_clear(sum);
}

const char *arb_name(void) { return arb_version; }

void arb_losses(int function, const double *logits, const int32_t *labels, size_t rows,
                size_t classes, int bits, double *values) {
  size_t outputs = function == bench_gradient ? classes : 1;
  for (size_t i = 0; i < rows; i++) {
    if (function < bench_cross_entropy)
      one_logit(function, logits[i], labels[i], bits, values + i);
    else
      row(function, logits + i * classes, (size_t)labels[i], classes, bits, values + i * outputs);
  }
}
