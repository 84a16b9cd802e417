#include "include/FastKernels.h"

#include "Lanes.h"

DISPATCHED size_t lo_round_double(const double *high, const double *low, size_t count,
                                  double bound, double *rounded) {
  Bits undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    Lanes h = lo_load_wide(high + i, laneCount), l = lo_load_wide(low + i, laneCount);
    Lanes error = h * bound;
    Lanes inner = h + (l - error), outer = h + (l + error);
    Bits agree = (Bits)(inner == outer);
    // 0 keeps the sign that a sum of zeros loses.
    Lanes result = agree ? __builtin_elementwise_copysign(inner, h) : (Lanes)__builtin_nan("");
    undecided += agree + 1;
    lo_store(result, rounded + i, laneCount);
  }
  size_t total = (size_t)__builtin_reduce_add(undecided);
  for (; i < count; i++) {
    double error = high[i] * bound;
    double inner = high[i] + (low[i] - error), outer = high[i] + (low[i] + error);
    rounded[i] = inner == outer ? __builtin_copysign(inner, high[i]) : __builtin_nan("");
    total += inner != outer;
  }
  return total;
}
