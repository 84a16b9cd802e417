#include "include/FastKernels.h"

#include "Lanes.h"

// A chain of additions within a block is this long: its roundings are a share of lo_sumBound.
enum { chainLength = 32, blockSize = chainLength * laneCount };

DISPATCHED ptrdiff_t lo_greatest(const float *logits, size_t count) {
  FloatLanes greatest = logits[0], residue = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    FloatLanes x;
    __builtin_memcpy(&x, logits + i, sizeof x);
    greatest = x > greatest ? x : greatest;
    // 0 for finite logits, NaN for others.
    residue += x - x;
  }
  float maximum = logits[0], rest = 0;
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

// e^(x - m) for the logits at hand; 0 in the lanes beyond the last.
INLINE Lanes lo_terms(const float *logits, size_t count, double maximum) {
  Lanes difference = lo_load(logits, count) - maximum;
  Lanes terms = lo_exponential(lo_clamped_magnitude(difference, lo_greatestDifference));
  for (size_t lane = count; lane < laneCount; lane++) terms[lane] = 0;
  return terms;
}

DISPATCHED double lo_sum_exponentials(const float *logits, size_t count, double maximum) {
  double high = 0, low = 0;
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    Lanes sum = 0;
    for (size_t i = start; i < end; i += laneCount) sum += lo_terms(logits + i, end - i, maximum);
    // A tree of three more additions.
    double block = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
    // Knuth's TwoSum: `low` gathers what the sums of blocks lose.
    double next = high + block, part = next - high;
    low += (high - (next - part)) + (block - part);
    high = next;
  }
  return high + low;
}

DISPATCHED void lo_scaled_exponentials(const float *logits, size_t count, double maximum,
                                       double factor, double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    lo_store(lo_terms(logits + i, count - i, maximum) * factor, values + i, count - i);
  }
}

// For s <= 1 the series itself; above, 1 + s = 2^e g with g in [sqrt(1/2), sqrt 2], and
// e log 2 + 2 artanh((g - 1)/(g + 1)): at least log 2, of which the terms' roundings are few ulps.
double lo_log_one_plus(double s) {
  if (s <= 1) return s == 0 ? 0 : lo_log_one_plus_lanes((Lanes)s)[0];
  int exponent;
  double g = __builtin_frexp(1 + s, &exponent);
  if (g < 0x1.6a09e667f3bcdp-1) {
    g *= 2;
    exponent -= 1;
  }
  // 2 artanh of a negative number is -2 artanh of its magnitude: log g = -log(1/g).
  double tail = g >= 1 ? lo_log_one_plus_lanes((Lanes)(g - 1))[0]
                       : -lo_log_one_plus_lanes((Lanes)((1 - g) / g))[0];
  return exponent * 0x1.62e42fefa39efp-1 + tail;
}
