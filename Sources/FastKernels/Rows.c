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

// Adds the lanes in a tree of three additions; `low` gathers what the sums of blocks lose.
INLINE void lo_add_block(Lanes sum, double *high, double *low) {
  double block = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
  // Knuth's TwoSum.
  double next = *high + block, part = next - *high;
  *low += (*high - (next - part)) + (block - part);
  *high = next;
}

DISPATCHED double lo_sum_exponentials(const float *logits, size_t count, double maximum) {
  double high = 0, low = 0;
  for (size_t start = 0; start < count; start += blockSize) {
    size_t end = count - start < blockSize ? count : start + blockSize;
    Lanes sum = 0;
    for (size_t i = start; i < end; i += laneCount) sum += lo_terms(logits + i, end - i, maximum);
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

// The logits of eight rows, turned, so that a lane is a row: rows[0...] begin at `stride` numbers.
INLINE void lo_load_tile(const float *logits, size_t rowCount, size_t classCount, Lanes *tile) {
  for (size_t i = 0; i < classCount; i += laneCount) {
    size_t count = classCount - i < laneCount ? classCount - i : laneCount;
    FloatLanes block[laneCount], turned[laneCount];
    for (size_t row = 0; row < laneCount; row++) {
      const float *start = logits + (row < rowCount ? row : rowCount - 1) * classCount + i;
      block[row] = 0;
      __builtin_memcpy(&block[row], start, count == laneCount ? sizeof block[row] : count * sizeof *start);
    }
    lo_transpose(block, turned);
    for (size_t column = 0; column < count; column++) {
      tile[i + column] = __builtin_convertvector(turned[column], Lanes);
    }
  }
}

DISPATCHED void lo_small_losses(const float *logits, size_t rowCount, size_t classCount,
                                const int32_t *labels, double *losses) {
  Lanes tile[lo_smallClassCount];
  for (size_t first = 0; first < rowCount; first += laneCount) {
    size_t count = rowCount - first < laneCount ? rowCount - first : laneCount;
    lo_load_tile(logits + first * classCount, count, classCount, tile);
    Lanes maximum = tile[0], residue = tile[0] - tile[0];
    for (size_t i = 1; i < classCount; i++) {
      maximum = tile[i] > maximum ? tile[i] : maximum;
      residue += tile[i] - tile[i];
    }
    // The sum leaves out the first of the greatest.
    Lanes left = 1, total = 0;
    for (size_t start = 0; start < classCount; start += chainLength) {
      Lanes sum = 0;
      for (size_t i = start; i < classCount && i < start + chainLength; i++) {
        Lanes difference = maximum - tile[i];
        Lanes term = lo_exponential(lo_clamped_magnitude(difference, lo_greatestDifference));
        sum += difference == 0 ? term - left : term;
        left = difference == 0 ? (Lanes)0 : left;
      }
      total += sum;
    }
    Lanes head = maximum;
    if (labels != 0) {
      for (size_t row = 0; row < count; row++) {
        size_t label = (size_t)labels[first + row];
        head[row] = label < classCount ? maximum[row] - tile[label][row] : __builtin_nan("");
      }
    }
    Lanes tail = lo_log_of_sum(total), loss = head + tail;
    if (labels == 0) {
      // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
      Lanes magnitude = __builtin_elementwise_abs(loss);
      loss = head >= 0 ? loss : magnitude >= tail ? loss : (Lanes)__builtin_nan("");
    }
    lo_store(loss + residue, losses + first, count);
  }
}
