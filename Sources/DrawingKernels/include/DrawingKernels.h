// Numbers drawn from several random streams at once, for `Cases`.

#ifndef LOSS_ORACLE_DRAWING_KERNELS_H
#define LOSS_ORACLE_DRAWING_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// So many streams at a time.
enum { lo_streamCount = 8 };

// How a number is made of three choices: a whole part, a fraction and a sign.
typedef struct {
  // The first choice is below it, and it is below 2^46.
  uint64_t bound;
  // Of the whole parts the weights up to each one, and the first that a choice of so many times 2^36 can mean; null
  // where the choice is the whole part.
  const uint64_t *cumulative;
  const uint8_t *guide;
  // What the sum of the whole part and the fraction is multiplied by, a power of two.
  double scale;
  // Whether numbers are rounded to float32.
  bool isFloat32;
} lo_drawn_number;

// Draws `count` numbers of each stream, one stream after another, as `ChoiceSource` draws them one by one.
//
// `states` holds the first words of all streams, then the second ones, and so on. `greatest` gets the greatest number
// of each stream before rounding.
//
// Returns the streams, as bits, in which a choice may have to be made again, which is not done here: their numbers mean
// nothing.
unsigned lo_draw_numbers(lo_drawn_number number, const uint64_t *states, size_t count, double *numbers,
                         double *greatest);

#endif
