#include "include/FastKernels.h"

#include "Lanes.h"

// A chain of additions within a block is this long: its roundings are a share of lo_sumBound.
enum { chainLength = 32, blockSize = chainLength * laneCount };

typedef int MaskLanes __attribute__((ext_vector_type(8)));

INLINE FloatLanes lo_load_logits(const float *logits) {
  FloatLanes x;
  __builtin_memcpy(&x, logits, sizeof x);
  return x;
}

DISPATCHED ptrdiff_t lo_greatest(const float *logits, size_t count) {
  // Two chains of comparisons, which overlap.
  FloatLanes greatest = logits[0], other = logits[0], residue = 0, otherResidue = 0;
  size_t i = 0;
  for (; i + 2 * laneCount <= count; i += 2 * laneCount) {
    FloatLanes x = lo_load_logits(logits + i), y = lo_load_logits(logits + i + laneCount);
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
    if (__builtin_reduce_or((MaskLanes)(lo_load_logits(logits + i) == maximum))) break;
  }
  for (; i < count; i++) {
    if (logits[i] == maximum) return (ptrdiff_t)i;
  }
  return -1;
}

// e^d for d <= 0, of at most lo_greatestDifference.
INLINE Lanes lo_term(Lanes d) {
  return lo_exponential(d < -lo_greatestDifference ? (Lanes)-lo_greatestDifference : d);
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
                                      double maximum) {
  double high = 0, low = 0;
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    Lanes sum = 0;
    for (size_t i = start; i < end; i += laneCount) {
      Lanes terms = lo_terms(logits + i, end - i, maximum);
      if (skipped - i < laneCount) terms[skipped - i] = 0;
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

DISPATCHED double lo_log_one_plus(double s) { return lo_log_of_sum((Lanes)s)[0]; }

// turned[i][j] = block[j][i]: pairs of rows are interleaved, then pairs of pairs, and halves joined.
INLINE void lo_transpose(const FloatLanes *block, FloatLanes *turned) {
  FloatLanes pairs[laneCount], fours[laneCount];
  for (int i = 0; i < laneCount; i += 2) {
    pairs[i] = __builtin_shufflevector(block[i], block[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    pairs[i + 1] = __builtin_shufflevector(block[i], block[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < laneCount; i += 4) {
    for (int j = i; j < i + 2; j++) {
      fours[j] = __builtin_shufflevector(pairs[j], pairs[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      fours[j + 2] = __builtin_shufflevector(pairs[j], pairs[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; i++) {
    turned[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    turned[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// Eight logits; zeros beyond the last. A copy of a length that is not a constant is a call.
INLINE FloatLanes lo_load_some(const float *logits, size_t count) {
  if (count >= laneCount) return lo_load_logits(logits);
  FloatLanes x = 0;
  for (size_t i = 0; i < count; i++) x[i] = logits[i];
  return x;
}

// The logits of eight rows, turned, so that a lane is a row. The last one stands for those beyond.
INLINE void lo_load_tile(const float *logits, size_t rowCount, size_t classCount,
                         FloatLanes *tile) {
  for (size_t i = 0; i < classCount; i += laneCount) {
    FloatLanes block[laneCount];
    for (size_t row = 0; row < laneCount; row++) {
      const float *start = logits + (row < rowCount ? row : rowCount - 1) * classCount;
      block[row] = lo_load_some(start + i, classCount - i);
    }
    lo_transpose(block, tile + i);
  }
}

// The sum of e^(x - m) over the logits of eight rows, without one of each row's greatest.
INLINE Lanes lo_tile_sum(const FloatLanes *tile, size_t classCount, Lanes maximum) {
  // The terms of the greatest are 1, and counted.
  Lanes greatest = -1, total = 0;
  for (size_t start = 0; start < classCount; start += chainLength) {
    Lanes sum = 0;
    for (size_t i = start; i < classCount && i < start + chainLength; i++) {
      Lanes difference = __builtin_convertvector(tile[i], Lanes) - maximum;
      sum += difference == 0 ? (Lanes)0 : lo_term(difference);
      greatest += difference == 0 ? (Lanes)1 : (Lanes)0;
    }
    total += sum;
  }
  return total + greatest;
}

// The maxima of eight rows less the logits of the labels, or the maxima where there are no labels; NaN where a
// logit is infinite or NaN.
INLINE Lanes lo_tile_head(const FloatLanes *tile, const float *logits, size_t rowCount,
                          size_t classCount, const int32_t *labels, Lanes *maximum) {
  // Two chains of comparisons, which overlap.
  FloatLanes greatest = tile[0], other = tile[0], residue = 0, otherResidue = 0;
  for (size_t i = classCount & 1; i < classCount; i += 2) {
    greatest = tile[i] > greatest ? tile[i] : greatest;
    other = tile[i + 1] > other ? tile[i + 1] : other;
    residue += tile[i] - tile[i];
    otherResidue += tile[i + 1] - tile[i + 1];
  }
  greatest = other > greatest ? other : greatest;
  residue += otherResidue + (tile[0] - tile[0]);
  *maximum = __builtin_convertvector(greatest, Lanes);
  Lanes logit = 0;
  if (labels != 0) {
    for (size_t lane = 0; lane < laneCount; lane++) {
      size_t row = lane < rowCount ? lane : rowCount - 1, label = (size_t)labels[row];
      logit[lane] = label < classCount ? logits[row * classCount + label] : __builtin_nan("");
    }
  }
  return *maximum - logit + __builtin_convertvector(residue, Lanes);
}

DISPATCHED void lo_small_losses(const float *logits, size_t rowCount, size_t classCount,
                                const int32_t *labels, double *losses) {
  // The logarithms of many rows follow their sums: each is a chain of operations, and so they overlap.
  enum { groupCount = 16, groupSize = groupCount * laneCount };
  FloatLanes tile[lo_smallClassCount];
  Lanes heads[groupCount], sums[groupCount];
  for (size_t start = 0; start < rowCount; start += groupSize) {
    size_t end = rowCount - start < groupSize ? rowCount : start + groupSize;
    for (size_t first = start; first < end; first += laneCount) {
      size_t count = end - first < laneCount ? end - first : laneCount;
      size_t index = (first - start) / laneCount;
      const float *rows = logits + first * classCount;
      Lanes maximum;
      lo_load_tile(rows, count, classCount, tile);
      heads[index] = lo_tile_head(tile, rows, count, classCount,
                                  labels != 0 ? labels + first : 0, &maximum);
      sums[index] = lo_tile_sum(tile, classCount, maximum);
    }
    for (size_t first = start; first < end; first += laneCount) {
      Lanes head = heads[(first - start) / laneCount];
      Lanes tail = lo_log_of_sum(sums[(first - start) / laneCount]), loss = head + tail;
      if (labels == 0) {
        // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
        Lanes magnitude = __builtin_elementwise_abs(loss);
        loss = head >= 0 ? loss : magnitude >= tail ? loss : (Lanes)__builtin_nan("");
      }
      lo_store(loss, losses + first, end - first);
    }
  }
}
