// Eight exponentials and logarithms at a time to about 90 bits, for values of float64.
//
//     e^x:      x = (128 k + i) log 2/128 + r, |r| < 0.00271; 2^(i/128) from a table; e^r - 1 by its
//               series, of which the first terms are computed in double-double arithmetic.
//     log1p(w): from an approximation y in double arithmetic, by one step of Newton's method:
//               y + (w - (e^y - 1))/(1 + w), which gives twice as many bits.
//
// The bounds are proven by tools/proofs/wide-reduction.gappa, wide-series.gappa and wide.sollya.

#ifndef LOSS_ORACLE_WIDE_LANES_H
#define LOSS_ORACLE_WIDE_LANES_H

#include "DoubleDouble.h"
#include "ExponentialTable.h"

// The parts of e^x = 2^k (2^(i/128)) (1 + q).
typedef struct {
  LanePair root;
  LanePair q;
  Lanes power;
} ExponentialParts;

INLINE ExponentialParts lo_exponential_parts(LanePair x) {
  Lanes shifted = x.high * lo_inverseLog2Part + lo_rounder;
  Lanes n = shifted - lo_rounder;
  // Exact, as the high part of log 2/128 has 36 bits.
  Lanes difference = lo_fused(-n, (Lanes)lo_log2PartHigh, x.high);
  Lanes middle = n * lo_log2PartMiddle;
  Lanes rest = lo_fused(n, (Lanes)lo_log2PartMiddle, -middle) + n * lo_log2PartLow;
  LanePair r = lo_two_sum(difference, -middle);
  Lanes lost = r.low;
  r = lo_two_sum(r.high, x.low - rest);
  r.low += lost;

  // e^r - 1 = r + r (r (1/2 + r (1/6 + r s))).
  Lanes s = lo_fused(r.high, (Lanes)lo_w9, (Lanes)lo_w8);
  s = lo_fused(r.high, s, (Lanes)lo_w7);
  s = lo_fused(r.high, s, (Lanes)lo_w6);
  s = lo_fused(r.high, s, (Lanes)lo_w5);
  s = lo_fused(r.high, s, (Lanes)lo_w4);
  LanePair third = lo_fast_two_sum((Lanes)lo_w3High, r.high * s);
  third.low += lo_w3Low;
  LanePair half = lo_product(r, third);
  Lanes halfLow = half.low;
  half = lo_fast_two_sum((Lanes)0.5, half.high);
  half.low += halfLow;
  LanePair square = lo_product(r, lo_product(r, half));
  LanePair q = lo_fast_two_sum(r.high, square.high);
  q.low += square.low + r.low;

  Bits index = (Bits)shifted & 127;
  LanePair root = lo_pairs_at(&lo_exponentialTable[0][0], index * 2);
  Bits power = (((Bits)shifted >> 7) + 1023) << 52;
  return (ExponentialParts){root, q, (Lanes)power};
}

// e^x for -600 <= x <= 1, within lo_wideExponentialBound.
INLINE LanePair lo_wide_exponential(LanePair x) {
  ExponentialParts parts = lo_exponential_parts(x);
  LanePair change = lo_product(parts.root, parts.q);
  LanePair value = lo_fast_two_sum(parts.root.high, change.high);
  value.low += change.low + parts.root.low;
  return (LanePair){value.high * parts.power, value.low * parts.power};
}

// log1p(w) for 0 <= w <= 2^24 from y near log1p(w.high), the error of w apart within
// lo_wideLogarithmBound.
INLINE LanePair lo_wide_log_one_plus(LanePair w, Lanes y) {
  ExponentialParts parts = lo_exponential_parts((LanePair){y, (Lanes)0});
  Lanes root = parts.root.high * parts.power;
  LanePair change = lo_product(
      (LanePair){root, parts.root.low * parts.power}, parts.q);
  // w and e^y - 1 agree to 48 bits: the differences of the high parts are exact, or small.
  Lanes difference = (w.high - (root - 1)) - change.high;
  Lanes rest = w.low - (change.low + parts.root.low * parts.power);
  Lanes step = (difference + rest) / (1 + w.high);
  return lo_fast_two_sum(y, step);
}

// x - m, exactly, and cut.
INLINE LanePair lo_cut_difference(Lanes logits, Lanes maximum) {
  LanePair difference = lo_two_sum(logits, -maximum);
  // Not so for an overflow, whose low part is a NaN.
  Bits isNear = (Bits)(difference.high >= -lo_greatestWideMagnitude);
  difference.high = isNear ? difference.high : (Lanes)-lo_greatestWideMagnitude;
  difference.low = isNear ? difference.low : (Lanes)0;
  return difference;
}

// e^(x - m).
INLINE LanePair lo_wide_terms(Lanes logits, Lanes maximum) {
  return lo_wide_exponential(lo_cut_difference(logits, maximum));
}

// -(m - x) - tail: an exact difference, and a positive tail.
INLINE LanePair lo_wide_log_terms(Lanes logits, Lanes maximum, LanePair tail) {
  LanePair head = lo_two_sum(maximum, -logits);
  LanePair sum = lo_two_sum(head.high, tail.high);
  sum.low += head.low + tail.low;
  return lo_negated(sum);
}

// A step of a chain within a block: the low parts gather what the high ones lose.
INLINE void lo_add_terms(LanePair *sum, LanePair terms) {
  LanePair next = lo_two_sum(sum->high, terms.high);
  sum->high = next.high;
  sum->low += next.low + terms.low;
}

// e^(x - m) times a factor of at most 1; NaN where it was cut, or 0 where it is below half the least subnormal
// number.
INLINE LanePair lo_scaled_term(LanePair term, Lanes difference, LanePair factor) {
  LanePair value = lo_normalized(lo_product(term, factor));
  Lanes replacement = difference < lo_leastLogit ? (Lanes)0 : (Lanes)__builtin_nan("");
  value.high = difference < -lo_greatestWideMagnitude ? replacement : value.high;
  value.low = difference < -lo_greatestWideMagnitude ? (Lanes)0 : value.low;
  return value;
}

#endif
