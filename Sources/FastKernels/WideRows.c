#include "include/FastKernels.h"

#include "QuickLanes.h"
#include "WideLanes.h"

enum { blockSize = chainLength * laneCount };

INLINE LanePair lo_lanes(LOPair pair) { return (LanePair){(Lanes)pair.high, (Lanes)pair.low}; }

DISPATCHED ptrdiff_t lo_wide_greatest(const double *logits, size_t count) {
  Lanes greatest = logits[0], residue = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes x = lo_load_wide(logits + i, laneCount);
    greatest = x > greatest ? x : greatest;
    // 0 for finite logits, NaN for others.
    residue += x - x;
  }
  double maximum = logits[0], rest = 0;
  for (int lane = 0; lane < laneCount; lane++) {
    maximum = greatest[lane] > maximum ? greatest[lane] : maximum;
    rest += residue[lane];
  }
  for (; i < count; i++) {
    maximum = logits[i] > maximum ? logits[i] : maximum;
    rest += logits[i] - logits[i];
  }
  if (rest != 0) return -1;
  for (i = 0; i + laneCount <= count; i += laneCount) {
    if (__builtin_reduce_or((Bits)(lo_load_wide(logits + i, laneCount) == maximum))) break;
  }
  for (; i < count; i++) {
    if (logits[i] == maximum) return (ptrdiff_t)i;
  }
  return -1;
}

#define SWAPPED(pair, ...)                                           \
  (LanePair){__builtin_shufflevector(pair.high, pair.high, __VA_ARGS__), \
             __builtin_shufflevector(pair.low, pair.low, __VA_ARGS__)}

// The lanes of a block in a tree, and then the total.
INLINE LOPair lo_add_lanes(LOPair total, LanePair sum) {
  sum = lo_normalized(sum);
  sum = lo_pair_sum(sum, SWAPPED(sum, 4, 5, 6, 7, 0, 1, 2, 3));
  sum = lo_pair_sum(sum, SWAPPED(sum, 2, 3, 0, 1, 6, 7, 4, 5));
  sum = lo_pair_sum(sum, SWAPPED(sum, 1, 0, 3, 2, 5, 4, 7, 6));
  sum = lo_pair_sum(sum, lo_lanes(total));
  return (LOPair){sum.high[0], sum.low[0]};
}

// The sum of the exponentials of all logits but two, which may be the same.
#define SUM_EXPONENTIALS(exponential)                                                           \
  LOPair total = {0, 0};                                                                        \
  for (size_t start = 0; start < count; start += blockSize) {                                   \
    size_t end = count - start < blockSize ? count : start + blockSize;                         \
    LanePair sum = {(Lanes)0, (Lanes)0};                                                        \
    for (size_t i = start; i < end; i += laneCount) {                                           \
      size_t stop = lo_whole_lanes_end(i, end, skipped, alsoSkipped);                           \
      for (; i < stop; i += laneCount) {                                                        \
        Lanes x = lo_load_wide(logits + i, laneCount);                                          \
        lo_add_terms(&sum, exponential(lo_cut_difference(x, (Lanes)maximum)));                  \
      }                                                                                         \
      if (i == end) break;                                                                      \
      LanePair terms = exponential(                                                             \
          lo_cut_difference(lo_load_wide(logits + i, end - i), (Lanes)maximum));                \
      for (size_t lane = end - i; lane < laneCount; lane++) terms.high[lane] = terms.low[lane] = 0; \
      if (skipped - i < laneCount) terms.high[skipped - i] = terms.low[skipped - i] = 0;        \
      size_t also = alsoSkipped - i;                                                            \
      if (also < laneCount) terms.high[also] = terms.low[also] = 0;                             \
      lo_add_terms(&sum, terms);                                                                \
    }                                                                                           \
    total = lo_add_lanes(total, sum);                                                           \
  }                                                                                             \
  return total

DISPATCHED LOPair lo_wide_sum_exponentials(const double *logits, size_t count, size_t skipped,
                                           size_t alsoSkipped, double maximum) {
  SUM_EXPONENTIALS(lo_wide_exponential);
}

DISPATCHED LOPair lo_quick_sum_exponentials(const double *logits, size_t count, size_t skipped,
                                            size_t alsoSkipped, double maximum) {
  SUM_EXPONENTIALS(lo_quick_exponential);
}

DISPATCHED void lo_wide_exponentials(const double *logits, size_t count, double maximum,
                                     double *high, double *low) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes x = lo_load_wide(logits + i, count - i);
    LanePair values = lo_wide_terms(x, (Lanes)maximum);
    lo_store(values.high, high + i, count - i);
    lo_store(values.low, low + i, count - i);
  }
}

// The quotient is off by 2^-100 of itself, at most 600, and the exponential by 2^-90 for that.
DISPATCHED void lo_wide_tempered_exponentials(const double *logits, size_t count, double maximum,
                                              double temperature, double *high, double *low) {
  LanePair divisor = {(Lanes)temperature, (Lanes)0};
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes x = lo_load_wide(logits + i, count - i);
    LanePair quotient = lo_quotient(lo_two_sum(x, (Lanes)-maximum), divisor);
    // Not so for an overflow, which is a NaN.
    Bits isNear = (Bits)(quotient.high >= -lo_greatestWideMagnitude);
    quotient.high = isNear ? quotient.high : (Lanes)-lo_greatestWideMagnitude;
    quotient.low = isNear ? quotient.low : (Lanes)0;
    LanePair values = lo_wide_exponential(quotient);
    lo_store(values.high, high + i, count - i);
    lo_store(values.low, low + i, count - i);
  }
}

DISPATCHED LOPair lo_wide_sum(const double *high, const double *low, size_t count) {
  LOPair total = {0, 0};
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    LanePair sum = {(Lanes)0, (Lanes)0};
    for (size_t i = start; i < end; i += laneCount) {
      LanePair terms = {lo_load_wide(high + i, end - i), lo_load_wide(low + i, end - i)};
      for (size_t lane = end - i; lane < laneCount; lane++) terms.high[lane] = terms.low[lane] = 0;
      lo_add_terms(&sum, terms);
    }
    total = lo_add_lanes(total, sum);
  }
  return total;
}

DISPATCHED void lo_wide_scale(const double *logits, size_t count, double maximum, LOPair factor,
                              double *high, double *low) {
  LanePair factors = lo_lanes(factor);
  for (size_t i = 0; i < count; i += laneCount) {
    LanePair terms = {lo_load_wide(high + i, count - i), lo_load_wide(low + i, count - i)};
    Lanes difference = lo_load_wide(logits + i, count - i) - maximum;
    LanePair values = lo_scaled_term(terms, difference, factors);
    lo_store(values.high, high + i, count - i);
    lo_store(values.low, low + i, count - i);
  }
}

DISPATCHED size_t lo_wide_log_probabilities(const double *logits, size_t count, double maximum,
                                            LOPair tail, double bound, double *rounded) {
  Bits undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes x = lo_load_wide(logits + i, laneCount);
    Lanes result = lo_rounded(lo_wide_log_terms(x, (Lanes)maximum, lo_lanes(tail)), bound);
    undecided -= (Bits)(result != result);
    lo_store(result, rounded + i, laneCount);
  }
  size_t total = (size_t)__builtin_reduce_add(undecided);
  if (i < count) {
    Lanes x = lo_load_wide(logits + i, count - i);
    Lanes result = lo_rounded(lo_wide_log_terms(x, (Lanes)maximum, lo_lanes(tail)), bound);
    lo_store(result, rounded + i, count - i);
    for (size_t lane = 0; lane < count - i; lane++) total += result[lane] != result[lane];
  }
  return total;
}

DISPATCHED LOPair lo_wide_add(LOPair a, LOPair b) {
  LanePair sum = lo_pair_sum(lo_lanes(a), lo_lanes(b));
  return (LOPair){sum.high[0], sum.low[0]};
}

DISPATCHED LOPair lo_wide_divide(LOPair a, LOPair b) {
  LanePair quotient = lo_quotient(lo_lanes(a), lo_lanes(b));
  return (LOPair){quotient.high[0], quotient.low[0]};
}

DISPATCHED LOPair lo_wide_log_one_plus_sum(LOPair s) {
  LanePair sum = lo_lanes(s);
  LanePair value = lo_wide_log_one_plus(sum, lo_log_of_sum(sum.high));
  return (LOPair){value.high[0], value.low[0]};
}
