// Sums of products in double arithmetic, sixteen columns at a time: what a linear layer computes.

#include "include/FastKernels.h"

#include "DoubleDouble.h"

enum { rowsAtOnce = 4 };

void lo_pack_columns(const float *numbers, size_t stride, size_t count, size_t depth,
                     double *panel) {
  for (size_t k = 0; k < depth; k++) {
    double *place = panel + k * lo_panelWidth;
    for (size_t j = 0; j < count; j++) place[j] = numbers[j * stride + k];
    for (size_t j = count; j < lo_panelWidth; j++) place[j] = 0;
  }
}

void lo_pack_rows(const float *numbers, size_t stride, size_t count, size_t depth, double *panel) {
  for (size_t k = 0; k < depth; k++) {
    double *place = panel + k * lo_panelWidth;
    for (size_t j = 0; j < count; j++) place[j] = numbers[k * stride + j];
    for (size_t j = count; j < lo_panelWidth; j++) place[j] = 0;
  }
}

DISPATCHED void lo_column_magnitudes(const double *panel, size_t depth, double *greatest,
                                     double *squares) {
  Lanes maxima[2] = {0, 0}, sums[2] = {0, 0};
  for (size_t k = 0; k < depth; k++) {
    for (int half = 0; half < 2; half++) {
      Lanes x = lo_load_wide(panel + k * lo_panelWidth + half * laneCount, laneCount);
      Lanes magnitude = __builtin_elementwise_abs(x);
      maxima[half] = magnitude > maxima[half] ? magnitude : maxima[half];
      sums[half] += x * x;
    }
  }
  for (int half = 0; half < 2; half++) {
    lo_store(maxima[half], greatest + half * laneCount, laneCount);
    lo_store(sums[half], squares + half * laneCount, laneCount);
  }
}

DISPATCHED LOMagnitudes lo_magnitudes(const double *numbers, size_t count) {
  Lanes maxima = 0, sums = 0, squares = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes magnitude = __builtin_elementwise_abs(lo_load_wide(numbers + i, laneCount));
    maxima = magnitude > maxima ? magnitude : maxima;
    sums += magnitude;
    squares += magnitude * magnitude;
  }
  LOMagnitudes result = {0, 0, 0};
  for (; i < count; i++) {
    double magnitude = __builtin_fabs(numbers[i]);
    result.greatest = magnitude > result.greatest ? magnitude : result.greatest;
    result.sum += magnitude;
    result.squares += magnitude * magnitude;
  }
  for (int lane = 0; lane < laneCount; lane++) {
    result.greatest = maxima[lane] > result.greatest ? maxima[lane] : result.greatest;
    result.sum += sums[lane];
    result.squares += squares[lane];
  }
  return result;
}

DISPATCHED void lo_split_row(const double *numbers, size_t count, double unit, double *heads,
                             double *rests) {
  for (size_t i = 0; i < count; i++) {
    double number = numbers[i], head = (number + unit) - unit;
    heads[i] = head;
    rests[i] = number - head;
  }
}

DISPATCHED void lo_split_panel(const double *panel, size_t depth, const double *units,
                               double *heads, double *rests) {
  for (size_t k = 0; k < depth; k++) {
    for (size_t j = 0; j < lo_panelWidth; j += laneCount) {
      size_t place = k * lo_panelWidth + j;
      Lanes number = lo_load_wide(panel + place, laneCount);
      Lanes unit = lo_load_wide(units + j, laneCount), head = (number + unit) - unit;
      lo_store(head, heads + place, laneCount);
      lo_store(number - head, rests + place, laneCount);
    }
  }
}

// A sum of a stretch is added to what there is, and what that loses to the low part.
INLINE void lo_gather(Lanes sum, double *high, double *low) {
  LanePair next = lo_two_sum(lo_load_wide(high, laneCount), sum);
  lo_store(next.high, high, laneCount);
  lo_store(lo_load_wide(low, laneCount) + next.low, low, laneCount);
}

DISPATCHED void lo_add_products(const double *left, size_t stride, size_t rowCount,
                                const double *panel, size_t depth, double *high, double *low,
                                size_t width) {
  for (size_t start = 0; start < depth; start += lo_stretch) {
    size_t end = depth - start < lo_stretch ? depth : start + lo_stretch;
    for (size_t row = 0; row < rowCount; row += rowsAtOnce) {
      const double *rows[rowsAtOnce];
      for (size_t i = 0; i < rowsAtOnce; i++) {
        rows[i] = left + (row + i < rowCount ? row + i : rowCount - 1) * stride;
      }
      Lanes first[rowsAtOnce] = {0, 0, 0, 0}, second[rowsAtOnce] = {0, 0, 0, 0};
      for (size_t k = start; k < end; k++) {
        Lanes a = lo_load_wide(panel + k * lo_panelWidth, laneCount);
        Lanes b = lo_load_wide(panel + k * lo_panelWidth + laneCount, laneCount);
        for (int i = 0; i < rowsAtOnce; i++) {
          Lanes x = (Lanes)rows[i][k];
          first[i] = lo_fused(x, a, first[i]);
          second[i] = lo_fused(x, b, second[i]);
        }
      }
      for (size_t i = 0; i < rowsAtOnce && row + i < rowCount; i++) {
        size_t place = (row + i) * width;
        lo_gather(first[i], high + place, low + place);
        lo_gather(second[i], high + place + laneCount, low + place + laneCount);
      }
    }
  }
}

DISPATCHED double lo_finish_sums(double *high, double *low, const double *addends, size_t count) {
  Lanes greatest = 0;
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes addend = addends ? lo_load_wide(addends + i, laneCount) : (Lanes)0;
    Bits isMasked = (Bits)(addend == (Lanes)-__builtin_inf());
    LanePair sum = lo_two_sum(lo_load_wide(high + i, laneCount), isMasked ? (Lanes)0 : addend);
    sum = lo_two_sum(sum.high, lo_load_wide(low + i, laneCount) + sum.low);
    Lanes magnitude = __builtin_elementwise_abs(sum.high);
    greatest = magnitude > greatest ? magnitude : greatest;
    lo_store(isMasked ? (Lanes)lo_maskedLogit : sum.high, high + i, laneCount);
    lo_store(isMasked ? (Lanes)0 : sum.low, low + i, laneCount);
  }
  double result = 0;
  for (int lane = 0; lane < laneCount; lane++) {
    result = greatest[lane] > result ? greatest[lane] : result;
  }
  return result;
}

DISPATCHED void lo_correct_exponentials(double *high, double *low, const double *changes,
                                        double pivot, size_t count) {
  for (size_t i = 0; i < count; i += laneCount) {
    Lanes term = lo_load_wide(high + i, count - i);
    // What was cut stays as it is: its change may be anything.
    Lanes d = lo_load_wide(changes + i, count - i) - pivot;
    d = term < lo_cutTerm ? (Lanes)0 : d;
    Lanes rest = lo_load_wide(low + i, count - i) + term * (d + d * d * 0.5);
    LanePair value = lo_fast_two_sum(term, rest);
    lo_store(value.high, high + i, count - i);
    lo_store(value.low, low + i, count - i);
  }
}

DISPATCHED void lo_multiply_pairs(double *high, double *low, LOPair factor, size_t count) {
  LanePair factors = {(Lanes)factor.high, (Lanes)factor.low};
  for (size_t i = 0; i < count; i += laneCount) {
    LanePair pair = {lo_load_wide(high + i, count - i), lo_load_wide(low + i, count - i)};
    pair = lo_normalized(lo_product(pair, factors));
    lo_store(pair.high, high + i, count - i);
    lo_store(pair.low, low + i, count - i);
  }
}
