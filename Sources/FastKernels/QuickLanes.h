// Eight exponentials and logarithms at a time to about 68 bits, for a first try at values of float64: of few
// thousands one is left to the kernels of about 80 and 90 bits.
//
//     e^x:      as in WideLanes.h, x = (128 k + i) log 2/128 + r, and the table of 2^(i/128); of e^r - 1 only r
//               has a low part, as r^2/2 is below 2^-18.
//     log1p(w): 1 + w = m, c near 1/m of 8 bits from a table with -log c, r = c m - 1 exactly, |r| < 2^-7,
//               and log1p(r) by its series, of which r and r^2/2 have low parts.
//
// The bounds are proven by tools/proofs/quick.gappa and quick.sollya.

#ifndef LOSS_ORACLE_QUICK_LANES_H
#define LOSS_ORACLE_QUICK_LANES_H

#include "DoubleDouble.h"
#include "ExponentialTable.h"
#include "LogarithmTable.h"

// e^x for -600 <= x <= 1, within lo_quickExponentialBound.
INLINE LanePair lo_quick_exponential(LanePair x) {
  Lanes shifted = lo_fused(x.high, (Lanes)lo_inverseLog2Part, (Lanes)lo_rounder);
  Lanes n = shifted - lo_rounder;
  // Exact, as the high part of log 2/128 has 36 bits.
  Lanes difference = lo_fused(-n, (Lanes)lo_log2PartHigh, x.high);
  Lanes r = lo_fused(-n, (Lanes)lo_log2PartMiddle, difference);
  Lanes rest = lo_fused(-n, (Lanes)lo_log2PartMiddle, difference - r) + x.low;

  // e^(r + rest) - 1 = r + (r^2 p + rest e^r).
  Lanes p = lo_fused(r, (Lanes)lo_w6, (Lanes)lo_w5);
  p = lo_fused(r, p, (Lanes)lo_w4);
  p = lo_fused(r, p, (Lanes)lo_w3High);
  p = lo_fused(r, p, (Lanes)0.5);
  LanePair change = lo_fast_two_sum(r, (r * r) * p);
  change.low += lo_fused(rest, change.high, rest);

  Bits index = (Bits)shifted & 127;
  LanePair root = lo_pairs_at(&lo_exponentialTable[0][0], index * 2);
  LanePair product = lo_product(root, change), value = lo_fast_two_sum(root.high, product.high);
  value.low += product.low + root.low;
  Lanes power = (Lanes)((((Bits)shifted >> 7) + 1023) << 52);
  return (LanePair){value.high * power, value.low * power};
}

// log1p(w) for 0 <= w <= 1, the error of w apart within lo_quickLogarithmBound.
INLINE LanePair lo_quick_log_one_plus(LanePair w) {
  LanePair m = lo_fast_two_sum((Lanes)1, w.high);
  Bits index = ((Bits)m.high - (Bits)(Lanes)1.0) >> 45;
  Lanes c;
  LanePair head;
  for (int lane = 0; lane < laneCount; lane++) {
    c[lane] = lo_logarithmTable[index[lane]][0];
  }
  head = lo_pairs_at(&lo_logarithmTable[0][2], index * 4);
  // Of the first numbers, for which c is 1, w itself, of which 1 + w may keep nothing.
  Bits isSmall = (Bits)(index == 0);
  Lanes r = isSmall ? w.high : lo_fused(c, m.high, (Lanes)-1);
  Lanes rest = isSmall ? w.low : c * (m.low + w.low);

  // log1p(r + rest) = r - r^2/2 + (r^3 p + rest (1 - r + r^2 - r^3)).
  Lanes p = lo_fused(r, (Lanes)lo_l9, (Lanes)lo_l8);
  p = lo_fused(r, p, (Lanes)lo_l7);
  p = lo_fused(r, p, (Lanes)lo_l6);
  p = lo_fused(r, p, (Lanes)lo_l5);
  p = lo_fused(r, p, (Lanes)lo_l4);
  p = lo_fused(r, p, (Lanes)lo_l3);
  Lanes square = r * r, lost = lo_fused(r, r, -square);
  Lanes low = lo_fused((Lanes)-0.5, lost, (square * r) * p) +
              lo_fused(rest, lo_fused(square, 1 - r, -r), rest);
  LanePair sum = lo_fast_two_sum(head.high, r);
  low += sum.low + head.low;
  sum = lo_fast_two_sum(sum.high, -0.5 * square);
  return lo_fast_two_sum(sum.high, sum.low + low);
}

#endif
