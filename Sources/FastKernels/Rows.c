#include "include/FastKernels.h"

#include "Lanes.h"

enum { blockSize = chainLength * laneCount };

DISPATCHED ptrdiff_t lo_greatest(const float *logits, size_t count) {
  // Two chains of comparisons, which overlap.
  FloatLanes greatest = logits[0], other = logits[0], residue = 0, otherResidue = 0;
  size_t i = 0;
  for (; i + 2 * laneCount <= count; i += 2 * laneCount) {
    FloatLanes x = lo_load_floats(logits + i, laneCount);
    FloatLanes y = lo_load_floats(logits + i + laneCount, laneCount);
    greatest = x > greatest ? x : greatest;
    other = y > other ? y : other;
    // 0 for finite logits, NaN for others.
    residue += x - x;
    otherResidue += y - y;
  }
  greatest = other > greatest ? other : greatest;
  float maximum = __builtin_reduce_max(greatest), rest = 0;
  for (; i < count; i++) {
    maximum = logits[i] > maximum ? logits[i] : maximum;
    rest += logits[i] - logits[i];
  }
  residue += otherResidue;
  for (int lane = 0; lane < laneCount; lane++) rest += residue[lane];
  if (rest != 0) return -1;
  for (i = 0; i + laneCount <= count; i += laneCount) {
    if (__builtin_reduce_or((IntLanes)(lo_load_floats(logits + i, laneCount) == maximum))) break;
  }
  for (; i < count; i++) {
    if (logits[i] == maximum) return (ptrdiff_t)i;
  }
  return -1;
}

// e^(x - m) for the logits at hand; 0 in the lanes beyond the last.
INLINE Lanes lo_terms(const float *logits, size_t count, double maximum) {
  Lanes terms = lo_term(lo_load(logits, count) - maximum);
  for (size_t lane = count; lane < laneCount; lane++) terms[lane] = 0;
  return terms;
}

// Adds the lanes in a tree of three additions; `low` gathers what the sums of blocks lose.
INLINE void lo_add_block(Lanes sum, double *high, double *low) {
  double block = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
  // Knuth's TwoSum.
  double next = *high + block, part = next - *high;
  *low += (*high - (next - part)) + (block - part);
  *high = next;
}

DISPATCHED double lo_sum_exponentials(const float *logits, size_t count, size_t skipped,
                                      size_t alsoSkipped, double maximum) {
  double high = 0, low = 0;
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    Lanes sum = 0;
    for (size_t i = start; i < end; i += laneCount) {
      for (size_t stop = lo_whole_lanes_end(i, end, skipped, alsoSkipped); i < stop; i += laneCount) {
        sum += lo_term(lo_load(logits + i, laneCount) - maximum);
      }
      if (i == end) break;
      Lanes terms = lo_terms(logits + i, end - i, maximum);
      if (skipped - i < laneCount) terms[skipped - i] = 0;
      if (alsoSkipped - i < laneCount) terms[alsoSkipped - i] = 0;
      sum += terms;
    }
    lo_add_block(sum, &high, &low);
  }
  return high + low;
}

DISPATCHED void lo_exponentials(const float *logits, size_t count, double maximum,
                                double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    lo_store(lo_terms(logits + i, count - i, maximum), values + i, count - i);
  }
}

DISPATCHED double lo_sum(const double *values, size_t count) {
  double high = 0, low = 0;
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    Lanes sum = 0;
    size_t i = start;
    for (; i + laneCount <= end; i += laneCount) sum += lo_load_wide(values + i, laneCount);
    for (size_t lane = 0; i < end; i++, lane++) sum[lane] += values[i];
    lo_add_block(sum, &high, &low);
  }
  return high + low;
}

DISPATCHED void lo_scale(double *values, size_t count, double factor) {
  for (size_t i = 0; i < count; i += laneCount) {
    lo_store(lo_load_wide(values + i, count - i) * factor, values + i, count - i);
  }
}

DISPATCHED size_t lo_round_log_probabilities(const float *logits, size_t count, double maximum,
                                             double tail, double below, double above,
                                             float *rounded) {
  IntLanes undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes loss = (maximum - lo_load(logits + i, laneCount)) + tail;
    FloatLanes result = lo_rounded_floats(loss, -below, -above, &undecided);
    __builtin_memcpy(rounded + i, &result, sizeof result);
  }
  size_t total = (size_t)__builtin_reduce_add(undecided);
  for (; i < count; i++) {
    double loss = (maximum - logits[i]) + tail;
    float inner = (float)(loss * -below), outer = (float)(loss * -above);
    rounded[i] = inner == outer ? inner : __builtin_nanf("");
    total += inner != outer;
  }
  return total;
}

DISPATCHED void lo_log_probabilities(const float *logits, size_t count, double maximum, double tail,
                                     double *values) {
  for (size_t i = 0; i < count; i += laneCount) {
    lo_store(-((maximum - lo_load(logits + i, count - i)) + tail), values + i, count - i);
  }
}

DISPATCHED double lo_log_one_plus(double s) { return lo_log_of_sum((Lanes)s)[0]; }
