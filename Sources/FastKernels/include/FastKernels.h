// Losses of logits within proven relative bounds, for the rounding test of the fast tier.
//
// Plain C, eight lanes at a time through clang's vector extensions; on x86-64 Linux compiled for
// three instruction sets, of which the loader chooses. No operation is fused but those that are
// called by name, which the library computes where the processor has none: the bits are the same
// everywhere. The bounds are proven by `tools/proofs/run` from Constants.h and
// the order of operations.

#ifndef LOSS_ORACLE_FAST_KERNELS_H
#define LOSS_ORACLE_FAST_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "Constants.h"

// --- Functions of one logit (OneLogit.c) --------------------------------------------------------

// values[i] = valueSign * softplus(logitSign * logits[i]), or the sigmoid, within lo_lossBound and
// lo_sigmoidBound. Where the exact value is below 2^-181, the value is too. Infinite and NaN logits
// give anything.
void lo_softplus(const float *logits, size_t count, double logitSign, double valueSign,
                 double *values);
void lo_sigmoid(const float *logits, size_t count, double logitSign, double valueSign,
                double *values);

// turned[i] = -logits[i] where the label is 1, or the target where there are no labels, else logits[i]; nothing
// without room for it. Returns whether some logits are infinite or NaN, and some targets neither 0 nor 1.
enum { lo_isSpecial = 1, lo_isSoft = 2 };
int lo_turn(const float *logits, const int32_t *labels, const float *targets, size_t count, float *turned);
int lo_wide_turn(const double *logits, const int32_t *labels, const double *targets, size_t count,
                 double *turned);

// --- Targets between 0 and 1 (SoftTargets.c) ----------------------------------------------------

// values[i] = y softplus(-z) + (1 - y) softplus(z), within lo_lossBound, for z = logits[i] and y = targets[i] in
// [0, 1]; NaN for other y. Infinite and NaN logits give anything.
void lo_soft_losses(const float *logits, const float *targets, size_t count, double *values);

// values[i] = sigmoid(z) - y, within lo_softGradientBound; NaN for other y, and where the terms cancel by more
// than lo_leastRest. As above.
void lo_soft_gradients(const float *logits, const float *targets, size_t count, double *values);

// --- Losses of probabilities (Probabilities.c) --------------------------------------------------

// values[i] = -y log p - (1 - y) log(1 - p), within lo_probabilityBound, for p = probabilities[i] in [0, 1] and
// y = targets[i], or 1 where there are none: infinite at the wrong end. NaN for other p and y.
void lo_probability_losses(const float *probabilities, const float *targets, size_t count, double *values);

// values[i] = (p - y)/(p (1 - p)), the derivative by p, or its limit at 0 and 1, within lo_probabilityBound. As above.
void lo_probability_gradients(const float *probabilities, const float *targets, size_t count,
                              double *values);

// Whether all numbers lie from the least to the greatest, as NaN does not.
int lo_are_within(const float *numbers, size_t count, float least, float greatest);

// --- Rounding tests (Rounding.c) ----------------------------------------------------------------

// Rounds to float32 the values whose exact ones lie between their products by `below` and `above`:
// NaN where the two ends do not round to the same. Returns the number of NaNs.
size_t lo_round_float(const double *values, size_t count, double below, double above,
                      float *rounded);

// The same to a narrower format: of so many bits, least normal and greatest number.
size_t lo_round_narrow(const double *values, size_t count, double below, double above, int precision,
                       double leastNormal, double greatest, float *rounded);

// --- Comparisons (Comparison.c) -----------------------------------------------------------------

// What makes ulps of differences: the lower factor of the rounding test, the format's least normal number,
// and the bits of 1/ulp(x), less the exponent field of x.
typedef struct {
  double below, leastNormal;
  uint64_t inverseUnitBits;
} LOErrorScale;

// The numbers of values that are not the exact ones, of finite ones of the opposite sign, and of infinite and
// NaN ones where the exact one is finite; a sum over a mix of each value with its index; and whether the error
// of a finite value is above the worst.
typedef struct {
  uint64_t misrounded, wrongSigns, nonFinite, digest;
  int hasWorse;
} LOComparison;

// Exact values: correctly rounded numbers times a sign, which two columns of opposite values share, and their
// approximations before the rounding.
typedef struct {
  const float *rounded;
  const double *approximations;
  double sign;
} LOExact;

// Holds values against exact ones. The count is a multiple of eight. A sign is wrong where it is not that of the
// approximation, neither being 0.
LOComparison lo_compare(const float *values, LOExact exact, size_t count, LOErrorScale scale, double worst,
                        uint64_t firstIndex);

// The same for `count` pairs of values: a pair is misrounded where one of the two is. The second value's index is the
// complement of the first's, in 32 bits.
LOComparison lo_compare_pairs(const float *values, LOExact exactFirsts, LOExact exactSeconds, size_t count,
                              LOErrorScale scale, double worst, uint64_t firstIndex);

// --- Rows (Rows.c) ------------------------------------------------------------------------------

// The index of the first of the greatest logits; -1 where one is infinite or NaN.
ptrdiff_t lo_greatest(const float *logits, size_t count);

// The sum of e^(logits[i] - maximum), each at most 1, but those of one logit, or two, within lo_sumBound. Terms
// are added in blocks and the blocks with what their sums lose, so that the bound does not depend on the count.
double lo_sum_exponentials(const float *logits, size_t count, size_t skipped, size_t alsoSkipped,
                           double maximum);

// values[i] = e^(logits[i] - maximum); their sum, as above; and values[i] times a factor.
void lo_exponentials(const float *logits, size_t count, double maximum, double *values);
double lo_sum(const double *values, size_t count);
void lo_scale(double *values, size_t count, double factor);

// values[i] = -((maximum - logits[i]) + tail).
void lo_log_probabilities(const float *logits, size_t count, double maximum, double tail,
                          double *values);

// The same rounded to float32, as lo_round_float does.
size_t lo_round_log_probabilities(const float *logits, size_t count, double maximum, double tail,
                                  double below, double above, float *rounded);

// log(1 + s) for s >= 0.
double lo_log_one_plus(double s);

// The losses of rows of at most lo_smallClassCount logits, eight rows at a time, or their log-sum-exps
// where there are no labels; NaN for infinite and NaN logits, labels that are no classes, and
// log-sum-exps that cancel.
enum { lo_smallClassCount = 128 };
void lo_small_losses(const float *logits, size_t rowCount, size_t classCount,
                     const int32_t *labels, double *losses);

// The gradients of the losses of at most eight such rows, or their probabilities where there are no labels;
// NaN for infinite and NaN logits, and labels that are no classes. There is room for eight more values.
void lo_small_gradients(const float *logits, size_t rowCount, size_t classCount,
                        const int32_t *labels, double *values);

// The logarithms of the probabilities of such rows, of as many as there are; NaN as those.
void lo_small_log_probabilities(const float *logits, size_t rowCount, size_t classCount,
                                double *values);

// --- Two classes (Pairs.c) ----------------------------------------------------------------------

// The losses and gradients of a first logit with each of many second ones: softplus(d) within
// lo_rowBound, sigmoid(d) within lo_quotientBound, where not below 2^-280, for d = sign * (second - first).
void lo_pair_losses(float first, const float *seconds, size_t count, double sign, double *values);
void lo_pair_gradients(float first, const float *seconds, size_t count, double sign,
                       double *values);

// Their log-sum-exps within lo_softGradientBound, and NaN where a negative maximum takes all but a share of
// lo_leastSum from the tail. And the entropies of their softmaxes, within lo_rowBound. As above.
void lo_pair_log_sum_exps(float first, const float *seconds, size_t count, double *values);
void lo_pair_entropies(float first, const float *seconds, size_t count, double *values);

// --- The same for float64, in double-double arithmetic (Wide*.c) --------------------------------

// A value high + low.
typedef struct {
  double high, low;
} LOPair;

// high[i] + low[i] = valueSign * softplus(logitSign * logits[i]), or the sigmoid, within
// lo_wideBound; NaN where the value is below e^-600. Infinite and NaN logits give anything.
void lo_wide_softplus(const double *logits, size_t count, double logitSign, double valueSign,
                      double *high, double *low);
void lo_wide_sigmoid(const double *logits, size_t count, double logitSign, double valueSign,
                     double *high, double *low);

// rounded[i] = valueSign * softplus(logitSign * logits[i]), rounded: NaN where lo_quickBound does not decide, and
// below e^-600. Returns the number of NaNs. Infinite and NaN logits give anything.
size_t lo_quick_softplus(const double *logits, size_t count, double logitSign, double valueSign,
                         double *rounded);

// Rounds to float64 the values that lie within a relative bound of high[i] + low[i]: NaN where that
// does not decide. Returns the number of NaNs.
size_t lo_round_double(const double *high, const double *low, size_t count, double bound,
                       double *rounded);

ptrdiff_t lo_wide_greatest(const double *logits, size_t count);

// The sum of e^(logits[i] - maximum), but those of one logit, or two, within lo_wideSumBound, where it is
// above lo_leastWide.
LOPair lo_wide_sum_exponentials(const double *logits, size_t count, size_t skipped,
                                size_t alsoSkipped, double maximum);

// The same within lo_quickSumBound.
LOPair lo_quick_sum_exponentials(const double *logits, size_t count, size_t skipped,
                                 size_t alsoSkipped, double maximum);

// high[i] + low[i] = e^(logits[i] - maximum), cut at e^-600; their sum, as above; and their products by a
// factor of at most 1, NaN where they were cut, or 0 where those round to 0.
void lo_wide_exponentials(const double *logits, size_t count, double maximum, double *high,
                          double *low);
LOPair lo_wide_sum(const double *high, const double *low, size_t count);
void lo_wide_scale(const double *logits, size_t count, double maximum, LOPair factor, double *high,
                   double *low);

// rounded[i] = -((maximum - logits[i]) + tail) for a tail within the bounds of a sum and its logarithm,
// above lo_leastWide: NaN where the bound of such values does not decide. Returns the number of NaNs.
size_t lo_wide_log_probabilities(const double *logits, size_t count, double maximum, LOPair tail,
                                 double bound, double *rounded);

// high[i] + low[i] = e^((logits[i] - maximum)/temperature), within lo_wideSumBound, cut at e^-600.
void lo_wide_tempered_exponentials(const double *logits, size_t count, double maximum,
                                   double temperature, double *high, double *low);

// The greatest logits of rows of at most lo_smallClassCount, eight rows at a time, and log(1 + s) of the
// sums without one of them; NaN for infinite and NaN logits. The second is within lo_quickRowBound.
void lo_wide_small_tails(const double *logits, size_t rowCount, size_t classCount, double *maxima,
                         double *high, double *low);
void lo_quick_small_tails(const double *logits, size_t rowCount, size_t classCount, double *maxima,
                          double *high, double *low);

// As lo_small_gradients, in pairs; NaN also for what is cut, or too small for the bound.
void lo_wide_small_gradients(const double *logits, size_t rowCount, size_t classCount,
                             const int32_t *labels, double *high, double *low);

// As lo_small_log_probabilities, from the maxima and the tails of one of the last but one, rounded: NaN where a bound
// that has room for three roundings more does not decide, and where the tail is below lo_leastWide. Returns whether
// there may be such.
int lo_wide_small_log_probabilities(const double *logits, size_t rowCount, size_t classCount,
                                    const double *maxima, const double *high, const double *low,
                                    double bound, double *rounded);

// Sums and quotients of positive pairs, and log(1 + s).
LOPair lo_wide_add(LOPair a, LOPair b);
LOPair lo_wide_divide(LOPair a, LOPair b);
LOPair lo_wide_log_one_plus_sum(LOPair s);

// --- Sums of products (Products.c) --------------------------------------------------------------

// A panel holds sixteen columns: panel[k * lo_panelWidth + j] is the number of column j that goes with the
// k-th of the rows it is multiplied by. Within a stretch products are added one after another.
enum { lo_panelWidth = 16, lo_stretch = 128 };

// What a class of bias minus infinity counts as: far below all sums of products of floats.
static const double lo_maskedLogit = -0x1p1000;

// A panel of at most sixteen rows of a matrix, which become its columns, or of as many columns; 0 beyond.
void lo_pack_columns(const float *numbers, size_t stride, size_t count, size_t depth, double *panel);
void lo_pack_rows(const float *numbers, size_t stride, size_t count, size_t depth, double *panel);

// The greatest magnitude of each column of a panel, and the sum of its squares, to within depth roundings.
void lo_column_magnitudes(const double *panel, size_t depth, double *greatest, double *squares);

typedef struct {
  double greatest, sum, squares;
} LOMagnitudes;

// The greatest magnitude, and the sums of magnitudes and squares to within count roundings.
LOMagnitudes lo_magnitudes(const double *numbers, size_t count);

// Each number as the nearest multiple of the last bit of a unit, 1.5 times a power of two, and the rest, exactly;
// in a panel each column has a unit.
void lo_split_row(const double *numbers, size_t count, double unit, double *heads, double *rests);
void lo_split_panel(const double *panel, size_t depth, const double *units, double *heads,
                    double *rests);

// Adds the products of rows, so many numbers apart, by a panel to the pairs high + low, rows of `width`.
void lo_add_products(const double *left, size_t stride, size_t rowCount, const double *panel,
                     size_t depth, double *high, double *low, size_t width);

// Adds a number to each pair, a multiple of eight, and makes its high part the nearest double; what minus
// infinity is added to becomes lo_maskedLogit. Returns the greatest magnitude of the others.
double lo_finish_sums(double *high, double *low, const double *addends, size_t count);

// Exponentials that are cut are below this.
static const double lo_cutTerm = 0x1p-865;

// Multiplies pairs e^(x - m) that are not cut by e^(changes[i] - pivot), where that is within 2^-28 of 1.
void lo_correct_exponentials(double *high, double *low, const double *changes, double pivot,
                             size_t count);

// Multiplies pairs by a factor.
void lo_multiply_pairs(double *high, double *low, LOPair factor, size_t count);

#endif
