#include "include/FastKernels.h"

#include "WideLanes.h"

// A chain of additions within a block is this long: its roundings are a share of lo_wideSumBound.
enum { chainLength = 32, blockSize = chainLength * laneCount };

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
  for (i = 0; i < count; i++) {
    if (logits[i] == maximum) return (ptrdiff_t)i;
  }
  return -1;
}

// e^(x - m) for the logits at hand, the difference taken exactly, and cut; 0 beyond the last.
INLINE LanePair lo_wide_terms(const double *logits, size_t count, double maximum) {
  LanePair difference = lo_two_sum(lo_load_wide(logits, count), (Lanes)-maximum);
  // Not so for an overflow, whose low part is a NaN.
  Bits isNear = (Bits)(difference.high >= -lo_greatestWideMagnitude);
  difference.high = isNear ? difference.high : (Lanes)-lo_greatestWideMagnitude;
  difference.low = isNear ? difference.low : (Lanes)0;
  LanePair terms = lo_wide_exponential(difference);
  for (size_t lane = count; lane < laneCount; lane++) terms.high[lane] = terms.low[lane] = 0;
  return terms;
}

DISPATCHED LOPair lo_wide_sum_exponentials(const double *logits, size_t count, double maximum) {
  LOPair total = {0, 0};
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    Lanes sum = 0, low = 0;
    for (size_t i = start; i < end; i += laneCount) {
      LanePair terms = lo_wide_terms(logits + i, end - i, maximum);
      LanePair next = lo_two_sum(sum, terms.high);
      low += next.low + terms.low;
      sum = next.high;
    }
    LanePair block = lo_fast_two_sum(sum, low);
    for (int lane = 0; lane < laneCount; lane++) {
      total = lo_wide_add(total, (LOPair){block.high[lane], block.low[lane]});
    }
  }
  return total;
}

DISPATCHED void lo_wide_scaled_exponentials(const double *logits, size_t count, double maximum,
                                            LOPair factor, double *high, double *low) {
  LanePair factors = lo_lanes(factor);
  for (size_t i = 0; i < count; i += laneCount) {
    LanePair values =
        lo_normalized(lo_product(lo_wide_terms(logits + i, count - i, maximum), factors));
    Lanes difference = lo_load_wide(logits + i, count - i) - maximum;
    // 0 where the value is below half the least subnormal number, as the factor is at most 1.
    Lanes replacement = difference < lo_leastLogit ? (Lanes)0 : (Lanes)__builtin_nan("");
    values.high = difference < -lo_greatestWideMagnitude ? replacement : values.high;
    values.low = difference < -lo_greatestWideMagnitude ? (Lanes)0 : values.low;
    lo_store(values.high, high + i, count - i);
    lo_store(values.low, low + i, count - i);
  }
}

LOPair lo_wide_add(LOPair a, LOPair b) {
  LanePair sum = lo_sum(lo_lanes(a), lo_lanes(b));
  return (LOPair){sum.high[0], sum.low[0]};
}

LOPair lo_wide_divide(LOPair a, LOPair b) {
  LanePair quotient = lo_quotient(lo_lanes(a), lo_lanes(b));
  return (LOPair){quotient.high[0], quotient.low[0]};
}

// For s > 1 a step of Newton's method too: log(1 + s) = y + log1p(step), (1 + s) e^-y = 1 + step.
LOPair lo_wide_log_one_plus_sum(LOPair s) {
  if (s.high == 0) return s;
  LanePair sum = lo_lanes(s);
  if (s.high <= 1) {
    LanePair value = lo_wide_log_one_plus(sum);
    return (LOPair){value.high[0], value.low[0]};
  }
  Lanes y = (Lanes)lo_log_one_plus(s.high);
  LanePair ratio = lo_product(
      lo_sum((LanePair){(Lanes)1, (Lanes)0}, sum), lo_wide_exponential((LanePair){-y, (Lanes)0}));
  Lanes step = (ratio.high - 1) + ratio.low;
  LanePair value = lo_fast_two_sum(y, step - step * step * 0.5);
  return (LOPair){value.high[0], value.low[0]};
}
