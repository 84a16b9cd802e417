#include "include/DrawingKernels.h"

#pragma STDC FP_CONTRACT OFF
// All that takes or returns lanes is inlined, so there is no calling convention to change.
#pragma clang diagnostic ignored "-Wpsabi"

typedef uint64_t Words __attribute__((ext_vector_type(lo_streamCount)));
typedef double Lanes __attribute__((ext_vector_type(lo_streamCount)));
typedef float FloatLanes __attribute__((ext_vector_type(lo_streamCount)));

#define INLINE static inline __attribute__((always_inline))

// One body, compiled for several instruction sets, where the loader can choose among them.
#if defined(__x86_64__) && defined(__ELF__)
#define DISPATCHED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define DISPATCHED
#endif

// xoshiro256**, a stream in each lane.
typedef struct {
  Words a, b, c, d;
} Streams;

INLINE Words lo_rotated(Words bits, int count) { return bits << count | bits >> (64 - count); }

INLINE Words lo_next(Streams *s) {
  // By shifts and additions: processors without AVX-512 multiply no lanes of 64 bits.
  Words five = (s->b << 2) + s->b;
  Words turned = lo_rotated(five, 7);
  Words result = (turned << 3) + turned;
  Words shifted = s->b << 17;
  s->c ^= s->a;
  s->d ^= s->b;
  s->b ^= s->c;
  s->a ^= s->d;
  s->c ^= shifted;
  s->d = lo_rotated(s->d, 45);
  return result;
}

// The high word of the product with a bound below 2^46. Where the low word may be below the bound, and the choice may
// be one to make again, the lane's `open` becomes all ones.
INLINE Words lo_chosen(Words word, uint64_t bound, Words *open) {
  const uint64_t half = 0xffffffff;
  Words low = word & half, high = word >> 32;
  Words lowBound = bound & half, highBound = bound >> 32;
  Words first = low * lowBound, second = high * lowBound, third = low * highBound;
  Words middle = (first >> 32) + (second & half) + (third & half);
  *open |= (Words)((middle & half) <= highBound);
  return high * highBound + (second >> 32) + (third >> 32) + (middle >> 32);
}

// An integer below 2^52, in what is left of a one's significand, or of 2^52.
INLINE Lanes lo_significand(Words integer, uint64_t power) { return (Lanes)(integer | power); }

INLINE Lanes lo_whole(Words choice, const lo_drawn_number *number) {
  if (number->cumulative != NULL) {
    for (int lane = 0; lane < lo_streamCount; lane++) {
      uint64_t weight = choice[lane];
      uint64_t step = number->guide[weight >> 36];
      while (number->cumulative[step] <= weight) step++;
      choice[lane] = step;
    }
  }
  return lo_significand(choice, 0x4330000000000000) - 0x1p52;
}

DISPATCHED
unsigned lo_draw_numbers(lo_drawn_number number, const uint64_t *states, size_t count, double *numbers,
                         double *greatest) {
  Streams s;
  __builtin_memcpy(&s, states, sizeof s);
  Words open = 0;
  Lanes most = -__builtin_inf();
  for (size_t i = 0; i < count; i++) {
    Lanes whole = lo_whole(lo_chosen(lo_next(&s), number.bound, &open), &number);
    // The first bits of the choice are the last of the fraction: see `ChoiceSource.leadingBits`.
    Words reversed = __builtin_elementwise_bitreverse(lo_next(&s)) & 0xfffffffffffff;
    Lanes fraction = lo_significand(reversed, 0x3ff0000000000000) - 1;
    Lanes magnitude = (whole + fraction) * number.scale;
    Lanes drawn = (Lanes)((Words)magnitude | (lo_next(&s) & 0x8000000000000000));
    most = drawn > most ? drawn : most;
    if (number.isFloat32) {
      drawn = __builtin_convertvector(__builtin_convertvector(drawn, FloatLanes), Lanes);
    }
    for (int lane = 0; lane < lo_streamCount; lane++) numbers[lane * count + i] = drawn[lane];
  }
  __builtin_memcpy(greatest, &most, sizeof most);
  unsigned again = 0;
  for (int lane = 0; lane < lo_streamCount; lane++) again |= (open[lane] != 0) << lane;
  return again;
}
