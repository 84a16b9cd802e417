#include "include/FastKernels.h"

#include "QuickLanes.h"
#include "Tiles.h"
#include "WideLanes.h"

// The maxima of eight rows; what is added to them is NaN where a logit is infinite or NaN.
INLINE Lanes lo_wide_tile_maximum(const Lanes *tile, size_t classCount, Lanes *residue) {
  Lanes maximum = tile[0];
  *residue = tile[0] - tile[0];
  for (size_t i = 1; i < classCount; i++) {
    maximum = tile[i] > maximum ? tile[i] : maximum;
    *residue += tile[i] - tile[i];
  }
  return maximum;
}

// The sum of e^(x - m) over the logits of eight rows, without the first of each row's greatest, whose e^0 is 1
// exactly.
#define TILE_SUM(name, exponential)                                                             \
  INLINE LanePair name(const Lanes *tile, size_t classCount, Lanes maximum) {                   \
    Lanes left = 1;                                                                             \
    LanePair sum = {(Lanes)0, (Lanes)0};                                                        \
    for (size_t i = 0; i < classCount; i++) {                                                   \
      LanePair terms = exponential(lo_cut_difference(tile[i], maximum));                        \
      terms.high -= tile[i] == maximum ? left : (Lanes)0;                                       \
      left = tile[i] == maximum ? (Lanes)0 : left;                                              \
      lo_add_terms(&sum, terms);                                                                \
    }                                                                                           \
    return lo_normalized(sum);                                                                  \
  }
TILE_SUM(lo_wide_tile_sum, lo_wide_exponential)
TILE_SUM(lo_quick_tile_sum, lo_quick_exponential)

#define SMALL_TAILS(tileSum)                                                                    \
  for (size_t first = 0; first < rowCount; first += laneCount) {                                \
    size_t count = rowCount - first < laneCount ? rowCount - first : laneCount;                 \
    Lanes tile[lo_smallClassCount];                                                             \
    lo_load_wide_tile(logits + first * classCount, count, classCount, tile);                    \
    Lanes residue, maximum = lo_wide_tile_maximum(tile, classCount, &residue);                  \
    LanePair sum = tileSum(tile, classCount, maximum);                                          \
    lo_store(maximum + residue, maxima + first, count);                                         \
    lo_store(sum.high, high + first, count);                                                    \
    lo_store(sum.low, low + first, count);                                                      \
  }                                                                                             \
  /* The logarithms of all rows follow their sums: each is a chain of operations, and so they overlap. */ \
  for (size_t first = 0; first < rowCount; first += laneCount) {                                \
    size_t count = rowCount - first;                                                            \
    LanePair sum = {lo_load_wide(high + first, count), lo_load_wide(low + first, count)};       \
    LanePair tail = lo_wide_log_one_plus(sum, lo_log_of_sum(sum.high));                         \
    lo_store(tail.high, high + first, count);                                                   \
    lo_store(tail.low, low + first, count);                                                     \
  }

DISPATCHED void lo_wide_small_tails(const double *logits, size_t rowCount, size_t classCount,
                                    double *maxima, double *high, double *low) {
  SMALL_TAILS(lo_wide_tile_sum)
}

DISPATCHED void lo_quick_small_tails(const double *logits, size_t rowCount, size_t classCount,
                                     double *maxima, double *high, double *low) {
  SMALL_TAILS(lo_quick_tile_sum)
}

// As lo_small_gradients.
DISPATCHED void lo_wide_small_gradients(const double *logits, size_t rowCount, size_t classCount,
                                        const int32_t *labels, double *high, double *low) {
  Lanes tile[lo_smallClassCount];
  LanePair terms[lo_smallClassCount], own = {(Lanes)0, (Lanes)0}, others = own;
  lo_load_wide_tile(logits, rowCount, classCount, tile);
  Lanes residue, maximum = lo_wide_tile_maximum(tile, classCount, &residue);
  Bits label = lo_tile_labels(labels, rowCount, classCount, &residue);
  for (size_t i = 0; i < classCount; i++) {
    terms[i] = lo_wide_terms(tile[i], maximum);
    Bits isOwn = (Bits)(label == (long long)i);
    own.high = isOwn ? terms[i].high : own.high;
    own.low = isOwn ? terms[i].low : own.low;
    lo_add_terms(&others, (LanePair){isOwn ? (Lanes)0 : terms[i].high,
                                     isOwn ? (Lanes)0 : terms[i].low});
  }
  for (size_t i = classCount; i % laneCount != 0; i++) terms[i] = own;
  others = lo_normalized(others);
  LanePair total = lo_pair_sum(others, own);
  LanePair factor = lo_quotient((LanePair){(Lanes)1, (Lanes)0}, total);
  LanePair gradient = lo_negated(lo_quotient(others, total));
  gradient.high = others.high >= lo_leastWide ? gradient.high : (Lanes)__builtin_nan("");
  for (size_t end = (classCount + laneCount - 1) / laneCount; end > 0; end--) {
    size_t first = (end - 1) * laneCount;
    Lanes highs[laneCount], lows[laneCount];
    for (size_t i = 0; i < laneCount; i++) {
      LanePair value = lo_scaled_term(terms[first + i], tile[first + i] - maximum, factor);
      Bits isOwn = (Bits)(label == (long long)(first + i));
      highs[i] = (isOwn ? gradient.high : value.high) + residue;
      lows[i] = isOwn ? gradient.low : value.low;
    }
    lo_store_tile(highs, first, rowCount, classCount, high);
    lo_store_tile(lows, first, rowCount, classCount, low);
  }
}

DISPATCHED int lo_wide_small_log_probabilities(const double *logits, size_t rowCount,
                                               size_t classCount, const double *maxima,
                                               const double *high, const double *low, double bound,
                                               double *rounded) {
  Bits undecided = 0;
  size_t total = rowCount * classCount;
  for (size_t row = 0; row < rowCount; row++) {
    double tail = high[row] >= lo_leastWide ? high[row] : __builtin_nan("");
    // As lo_small_log_probabilities.
    for (size_t i = row * classCount; i < (row + 1) * classCount; i += laneCount) {
      Lanes x = lo_load_wide(logits + i, total - i);
      LanePair terms =
          lo_wide_log_terms(x, (Lanes)maxima[row], (LanePair){(Lanes)tail, (Lanes)low[row]});
      Lanes result = lo_rounded(terms, bound);
      undecided |= (Bits)(result != result);
      lo_store(result, rounded + i, total - i);
    }
  }
  return __builtin_reduce_or(undecided) != 0;
}
