#include "include/FastKernels.h"

#include "Tiles.h"

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

// The maxima of eight rows; what is added to them is NaN where a logit is infinite or NaN.
INLINE Lanes lo_tile_maximum(const FloatLanes *tile, size_t classCount, Lanes *residue) {
  // Two chains of comparisons, which overlap.
  FloatLanes greatest = tile[0], other = tile[0], rest = 0, otherRest = 0;
  for (size_t i = classCount & 1; i < classCount; i += 2) {
    greatest = tile[i] > greatest ? tile[i] : greatest;
    other = tile[i + 1] > other ? tile[i + 1] : other;
    rest += tile[i] - tile[i];
    otherRest += tile[i + 1] - tile[i + 1];
  }
  greatest = other > greatest ? other : greatest;
  *residue = __builtin_convertvector(rest + otherRest + (tile[0] - tile[0]), Lanes);
  return __builtin_convertvector(greatest, Lanes);
}

// The logits of the labels of eight rows; NaN for labels that are no classes.
INLINE Lanes lo_labelled(const float *logits, size_t rowCount, size_t classCount,
                         const int32_t *labels) {
  Lanes chosen;
  for (size_t lane = 0; lane < laneCount; lane++) {
    size_t row = lane < rowCount ? lane : rowCount - 1, label = (size_t)labels[row];
    chosen[lane] = label < classCount ? logits[row * classCount + label] : __builtin_nan("");
  }
  return chosen;
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
      lo_load_tile(rows, count, classCount, tile);
      Lanes residue, maximum = lo_tile_maximum(tile, classCount, &residue);
      Lanes logit = labels != 0 ? lo_labelled(rows, count, classCount, labels + first) : (Lanes)0;
      heads[index] = maximum - logit + residue;
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

// With the sum N of the exponentials of all classes but the label, and the label's own, the probabilities are
// e^(x - m)/(N + own), and the label's gradient is -N/(N + own).
DISPATCHED void lo_small_gradients(const float *logits, size_t rowCount, size_t classCount,
                                   const int32_t *labels, double *values) {
  FloatLanes tile[lo_smallClassCount];
  Lanes terms[lo_smallClassCount];
  lo_load_tile(logits, rowCount, classCount, tile);
  Lanes residue, maximum = lo_tile_maximum(tile, classCount, &residue), own = 0, others = 0;
  Bits label = lo_tile_labels(labels, rowCount, classCount, &residue);
  for (size_t start = 0; start < classCount; start += chainLength) {
    Lanes sum = 0;
    for (size_t i = start; i < classCount && i < start + chainLength; i++) {
      terms[i] = lo_term(__builtin_convertvector(tile[i], Lanes) - maximum);
      Bits isOwn = (Bits)(label == (long long)i);
      own = isOwn ? terms[i] : own;
      sum += isOwn ? (Lanes)0 : terms[i];
    }
    others += sum;
  }
  for (size_t i = classCount; i % laneCount != 0; i++) terms[i] = 0;
  others += residue;
  Lanes total = others + own, factor = 1 / total, gradient = -(others / total);
  for (size_t end = (classCount + laneCount - 1) / laneCount; end > 0; end--) {
    size_t first = (end - 1) * laneCount;
    Lanes block[laneCount];
    for (size_t i = 0; i < laneCount; i++) {
      block[i] = label == (long long)(first + i) ? gradient : terms[first + i] * factor;
    }
    lo_store_tile(block, first, rowCount, classCount, values);
  }
}

// A logarithm of a probability is -((m - x) + log1p of the sum without one of the greatest).
DISPATCHED void lo_small_log_probabilities(const float *logits, size_t rowCount, size_t classCount,
                                           double *values) {
  enum { groupCount = 16, groupSize = groupCount * laneCount };
  FloatLanes tile[lo_smallClassCount];
  double maxima[groupSize], tails[groupSize];
  size_t total = rowCount * classCount;
  for (size_t start = 0; start < rowCount; start += groupSize) {
    size_t end = rowCount - start < groupSize ? rowCount : start + groupSize;
    for (size_t first = start; first < end; first += laneCount) {
      size_t count = end - first < laneCount ? end - first : laneCount;
      lo_load_tile(logits + first * classCount, count, classCount, tile);
      Lanes residue, maximum = lo_tile_maximum(tile, classCount, &residue);
      lo_store(maximum + residue, maxima + (first - start), laneCount);
      lo_store(lo_tile_sum(tile, classCount, maximum), tails + (first - start), laneCount);
    }
    // The logarithms follow their sums, as above.
    for (size_t first = start; first < end; first += laneCount) {
      double *some = tails + (first - start);
      lo_store(lo_log_of_sum(lo_load_wide(some, laneCount)), some, laneCount);
    }
    // What is stored beyond a row's end is overwritten by the next row's.
    for (size_t row = start; row < end; row++) {
      double maximum = maxima[row - start], tail = tails[row - start];
      for (size_t i = row * classCount; i < (row + 1) * classCount; i += laneCount) {
        lo_store(-((maximum - lo_load(logits + i, total - i)) + tail), values + i, total - i);
      }
    }
  }
}
