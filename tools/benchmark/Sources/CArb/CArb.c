#include "CArb.h"

#if __has_include(<flint/arb.h>)
#include <flint/arb.h>
#else
#include <arb.h>
#endif

long arb_cross_entropy_bits(const double *logits, size_t count, size_t label, long precision) {
  arb_t x, greatest, sum;
  arb_init(x);
  arb_init(greatest);
  arb_init(sum);
  size_t top = 0;
  for (size_t i = 1; i < count; i++)
    if (logits[i] > logits[top]) top = i;
  arb_set_d(greatest, logits[top]);
  for (size_t i = 0; i < count; i++) {
    if (i == top) continue;
    arb_set_d(x, logits[i]);
    arb_sub(x, x, greatest, precision);
    arb_exp(x, x, precision);
    arb_add(sum, sum, x, precision);
  }
  arb_log1p(sum, sum, precision);
  arb_set_d(x, logits[label]);
  arb_sub(x, greatest, x, precision);
  arb_add(sum, sum, x, precision);
  long bits = arb_rel_accuracy_bits(sum);
  arb_clear(x);
  arb_clear(greatest);
  arb_clear(sum);
  return bits;
}
