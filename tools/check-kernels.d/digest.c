// Prints a digest of all bits that each kernel returns, over the same logits whatever it is compiled for.

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "FastKernels.h"

enum { most = 20000 };

static uint64_t state = 1;

static double uniform(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) * 0x1p-53;
}

// Spread over all magnitudes that matter, with ties, whole numbers and what is not finite.
static double logit(size_t i) {
  static const double scales[] = {1, 8, 60, 250, 800, 3e4, 0x1p-12, 0x1p-30};
  double z = (2 * uniform() - 1) * scales[i / 37 % 8];
  if (i % 11 == 5) z = floor(z);
  if (i % 4001 == 4000) z = i % 3 == 0 ? INFINITY : i % 3 == 1 ? -INFINITY : NAN;
  return z;
}

static uint64_t hash;

// NaNs count as one: which of them an operation returns is no matter of its value.
static void add_doubles(const double *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t bits;
    double value = values[i] != values[i] ? NAN : values[i];
    memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ (value != value ? 1 : bits)) * 0x100000001b3;
  }
}

static void add_floats(const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    double value = values[i];
    add_doubles(&value, 1);
  }
}

static void add_integer(uint64_t value) { hash = (hash ^ value) * 0x100000001b3; }

static void report(const char *name) {
  printf("%s %016" PRIx64 "\n", name, hash);
  hash = 0xcbf29ce484222325;
}

static double wide[most], high[most + 8], low[most + 8], maxima[most], doubles[most];
static float narrow[most], rounded[most];
static int32_t labels[most];

static void pair(LOPair value) {
  add_doubles(&value.high, 1);
  add_doubles(&value.low, 1);
}

static void one_logit(void) {
  for (int sign = -1; sign <= 1; sign += 2) {
    lo_softplus(narrow, most, sign, 1, high);
    add_doubles(high, most);
    add_integer(lo_round_float(high, most, lo_below, lo_above, rounded));
    add_floats(rounded, most);
    add_integer(lo_round_narrow(high, most, lo_below, lo_above, 11, 0x1p-14, 65504, rounded));
    add_floats(rounded, most);
    report("softplus, rounded");
    lo_sigmoid(narrow, most, sign, -1, high);
    add_doubles(high, most);
    report("sigmoid");
    lo_wide_softplus(wide, most, sign, 1, high, low);
    add_doubles(high, most);
    add_doubles(low, most);
    add_integer(lo_round_double(high, low, most, lo_wideBound, maxima));
    add_doubles(maxima, most);
    report("wide softplus, rounded");
    add_integer(lo_quick_softplus(wide, most, sign, -1, maxima));
    add_doubles(maxima, most);
    report("quick softplus");
    lo_wide_sigmoid(wide, most, sign, 1, high, low);
    add_doubles(high, most);
    add_doubles(low, most);
    report("wide sigmoid");
  }
}

// Targets and probabilities: ends, what lies next to them, all binades, and what is neither.
static float share(size_t i) {
  switch (i % 9) {
    case 0: return 0;
    case 1: return 1;
    case 2: return (float)ldexp(1 + uniform(), -(int)(i % 150));
    case 3: return 1 - (float)(i % 40) * 0x1p-24f;
    case 4: return i % 4 == 0 ? -1 : i % 4 == 1 ? NAN : i % 4 == 2 ? 2 : 0.5f;
    default: return (float)uniform();
  }
}

static void targets(void) {
  static float soft[most], shares[most], turned[most];
  for (size_t i = 0; i < most; i++) {
    soft[i] = i / 64 % 2 == 0 ? (float)(i % 3 == 0) : share(i * 5 + i / 7);
    shares[i] = share(i);
  }
  for (size_t i = 0; i + 37 <= most; i += 37) {
    add_integer((uint64_t)lo_turn(narrow + i, 0, soft + i, 37, turned + i));
    add_integer((uint64_t)lo_are_within(shares + i, 37, 0, 1));
  }
  add_floats(turned, most - 37);
  report("turned by targets");
  lo_soft_losses(narrow, soft, most, high);
  lo_soft_gradients(narrow, soft, most, low);
  for (size_t i = 0; i < most; i++) {
    if (!isfinite(narrow[i])) high[i] = low[i] = 0;
  }
  add_doubles(high, most);
  add_doubles(low, most);
  report("soft targets");
  lo_probability_losses(shares, soft, most, high);
  add_doubles(high, most);
  lo_probability_losses(shares, 0, most, high);
  add_doubles(high, most);
  report("losses of probabilities");
  lo_probability_gradients(shares, soft, most, high);
  add_doubles(high, most);
  lo_probability_gradients(shares, 0, most, high);
  add_doubles(high, most);
  report("derivatives by probabilities");
}

static void few_classes(size_t classes) {
  size_t rows = most / classes;
  lo_small_losses(narrow, rows, classes, labels, high);
  add_doubles(high, rows);
  lo_small_losses(narrow, rows, classes, 0, high);
  add_doubles(high, rows);
  lo_small_log_probabilities(narrow, rows, classes, high);
  add_doubles(high, rows * classes);
  for (int isQuick = 0; isQuick < 2; isQuick++) {
    (isQuick ? lo_quick_small_tails : lo_wide_small_tails)(wide, rows, classes, maxima, high, low);
    add_doubles(maxima, rows);
    for (size_t i = 0; i < rows; i++) {
      if (maxima[i] == maxima[i]) pair((LOPair){high[i], low[i]});
    }
    double bound = isQuick ? lo_quickLogBound : lo_wideBound;
    lo_wide_small_log_probabilities(wide, rows, classes, maxima, high, low, bound, doubles);
    add_doubles(doubles, rows * classes);
  }
  for (size_t first = 0; first < rows; first += 8) {
    size_t count = rows - first < 8 ? rows - first : 8, start = first * classes;
    lo_small_gradients(narrow + start, count, classes, labels + first, high);
    add_doubles(high, count * classes);
    lo_wide_small_gradients(wide + start, count, classes, labels + first, high, low);
    lo_round_double(high, low, count * classes, lo_wideBound, maxima);
    add_doubles(maxima, count * classes);
  }
  char name[40];
  snprintf(name, sizeof name, "rows of %zu classes", classes);
  report(name);
}

static void many_classes(size_t classes) {
  for (size_t start = 0; start + classes <= most; start += classes) {
    const float *x = narrow + start;
    const double *z = wide + start;
    ptrdiff_t greatest = lo_greatest(x, classes), wideGreatest = lo_wide_greatest(z, classes);
    add_integer((uint64_t)greatest);
    add_integer((uint64_t)wideGreatest);
    if (greatest < 0 || wideGreatest < 0) continue;
    size_t label = (size_t)labels[start] % classes;
    double sum = lo_sum_exponentials(x, classes, (size_t)greatest, label, x[greatest]);
    double tail = lo_log_one_plus(sum);
    add_doubles(&sum, 1);
    add_doubles(&tail, 1);
    lo_exponentials(x, classes, x[greatest], high);
    sum = lo_sum(high, classes);
    add_doubles(&sum, 1);
    lo_scale(high, classes, 1 / sum);
    add_doubles(high, classes);
    lo_log_probabilities(x, classes, x[greatest], tail, high);
    add_doubles(high, classes);
    double m = z[wideGreatest];
    LOPair total = lo_wide_sum_exponentials(z, classes, (size_t)wideGreatest, label, m);
    LOPair logarithm = lo_wide_log_one_plus_sum(total);
    pair(total);
    pair(logarithm);
    pair(lo_quick_sum_exponentials(z, classes, (size_t)wideGreatest, label, m));
    lo_wide_exponentials(z, classes, m, high, low);
    LOPair again = lo_wide_sum(high, low, classes);
    pair(again);
    lo_wide_scale(z, classes, m, lo_wide_divide((LOPair){1, 0}, again), high, low);
    lo_round_double(high, low, classes, lo_wideBound, maxima);
    add_doubles(maxima, classes);
    for (int isQuick = 0; isQuick < 2; isQuick++) {
      double bound = isQuick ? lo_quickLogBound : lo_wideBound;
      add_integer(lo_wide_log_probabilities(z, classes, m, logarithm, bound, maxima));
      add_doubles(maxima, classes);
    }
    add_integer(lo_round_log_probabilities(x, classes, x[greatest], tail, lo_rowBelow, lo_rowAbove, rounded));
    add_floats(rounded, classes);
    lo_wide_tempered_exponentials(z, classes, m, 0.7, high, low);
    add_doubles(high, classes);
    add_doubles(low, classes);
  }
  char name[40];
  snprintf(name, sizeof name, "a row of %zu classes", classes);
  report(name);
}

// Sums of products in one slice and in two, with what follows them.
static void products(size_t rows, size_t depth) {
  static float left[40 * 300], right[16 * 300];
  static double plain[40 * 300], heads[40 * 300], rests[40 * 300];
  static double panel[16 * 300], panelHeads[16 * 300], panelRests[16 * 300];
  for (size_t i = 0; i < 40 * 300; i++) left[i] = (float)((2 * uniform() - 1) * ldexp(1, (int)(i % 17) - 8));
  for (size_t i = 0; i < 16 * 300; i++) right[i] = (float)((2 * uniform() - 1) * ldexp(1, (int)(i % 13) - 6));
  for (size_t i = 0; i < 40 * 300; i++) plain[i] = left[i];
  double units[16], greatest[16], squares[16];
  lo_pack_columns(right, depth, 13, depth, panel);
  lo_column_magnitudes(panel, depth, greatest, squares);
  add_doubles(greatest, 16);
  for (int i = 0; i < 16; i++) units[i] = 0x1.8p40;
  lo_split_panel(panel, depth, units, panelHeads, panelRests);
  for (size_t row = 0; row < rows; row++) {
    lo_split_row(plain + row * depth, depth, 0x1.8p38, heads + row * depth, rests + row * depth);
  }
  LOMagnitudes magnitudes = lo_magnitudes(plain, rows * depth);
  add_doubles(&magnitudes.greatest, 1);
  memset(high, 0, sizeof high);
  memset(low, 0, sizeof low);
  lo_add_products(heads, depth, rows, panelHeads, depth, high, low, 16);
  lo_add_products(heads, depth, rows, panelRests, depth, high, low, 16);
  lo_add_products(rests, depth, rows, panel, depth, high, low, 16);
  double largest = lo_finish_sums(high, low, maxima, rows * 16);
  add_doubles(&largest, 1);
  add_doubles(high, rows * 16);
  add_doubles(low, rows * 16);
  lo_multiply_pairs(high, low, (LOPair){1.0 / 3, 0x1.5555555555555p-56}, rows * 16);
  lo_correct_exponentials(high, low, rests, 0, rows * 16);
  add_doubles(high, rows * 16);
  add_doubles(low, rows * 16);
}

int main(void) {
  hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < most; i++) {
    wide[i] = logit(i);
    narrow[i] = (float)wide[i];
    labels[i] = (int32_t)(i % 7);
  }
  one_logit();
  targets();
  for (size_t classes = 7; classes <= 128; classes += 11) few_classes(classes);
  for (size_t classes = 2; classes <= 4000; classes = classes * 2 + 1) many_classes(classes);
  for (size_t i = 0; i < 40; i++) {
    if (!isfinite(narrow[i])) continue;
    lo_pair_losses(narrow[i], narrow, 3000, 1, high);
    add_doubles(high, 3000);
    lo_pair_gradients(narrow[i], narrow, 3000, -1, high);
    add_doubles(high, 3000);
    lo_pair_log_sum_exps(narrow[i], narrow, 3000, high);
    add_doubles(high, 3000);
    lo_pair_entropies(narrow[i], narrow, 3000, high);
    add_doubles(high, 3000);
  }
  report("pairs");
  memset(maxima, 0, sizeof maxima);
  for (size_t rows = 1; rows <= 40; rows += 3) products(rows, 7 * rows + 1);
  report("products");
  return 0;
}
