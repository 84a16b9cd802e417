#include "include/FastKernels.h"

#include "DoubleDouble.h"

DISPATCHED size_t lo_round_double(const double *high, const double *low, size_t count,
                                  double bound, double *rounded) {
  Bits undecided = 0;
  size_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    LanePair value = {lo_load_wide(high + i, laneCount), lo_load_wide(low + i, laneCount)};
    Lanes result = lo_rounded(value, bound);
    undecided -= (Bits)(result != result);
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
