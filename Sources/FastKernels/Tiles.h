// Rows of few classes, eight at a time: a tile holds them turned, so that a lane is a row.

#ifndef LOSS_ORACLE_TILES_H
#define LOSS_ORACLE_TILES_H

#include <stddef.h>
#include <stdint.h>

#include "Lanes.h"

// turned[i][j] = block[j][i]: pairs of rows are interleaved, then pairs of pairs, and halves joined.
#define TRANSPOSE(name, Row)                                                                    \
  INLINE void name(const Row *block, Row *turned) {                                             \
    Row pairs[laneCount], fours[laneCount];                                                     \
    for (int i = 0; i < laneCount; i += 2) {                                                    \
      const Row *two = block + i;                                                               \
      pairs[i] = __builtin_shufflevector(two[0], two[1], 0, 8, 2, 10, 4, 12, 6, 14);            \
      pairs[i + 1] = __builtin_shufflevector(two[0], two[1], 1, 9, 3, 11, 5, 13, 7, 15);        \
    }                                                                                           \
    for (int i = 0; i < laneCount; i += 4) {                                                    \
      for (int j = i; j < i + 2; j++) {                                                         \
        fours[j] = __builtin_shufflevector(pairs[j], pairs[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);   \
        fours[j + 2] =                                                                          \
            __builtin_shufflevector(pairs[j], pairs[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);        \
      }                                                                                         \
    }                                                                                           \
    for (int i = 0; i < 4; i++) {                                                               \
      turned[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);    \
      turned[i + 4] =                                                                           \
          __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);          \
    }                                                                                           \
  }
TRANSPOSE(lo_transpose, FloatLanes)
TRANSPOSE(lo_transpose_wide, Lanes)

// The logits of eight rows, turned. The last one stands for those beyond.
#define LOAD_TILE(name, Number, Row, load, transpose)                                           \
  INLINE void name(const Number *logits, size_t rowCount, size_t classCount, Row *tile) {       \
    for (size_t i = 0; i < classCount; i += laneCount) {                                        \
      Row block[laneCount];                                                                     \
      for (size_t row = 0; row < laneCount; row++) {                                            \
        const Number *start = logits + (row < rowCount ? row : rowCount - 1) * classCount;      \
        block[row] = load(start + i, classCount - i);                                           \
      }                                                                                         \
      transpose(block, tile + i);                                                               \
    }                                                                                           \
  }
LOAD_TILE(lo_load_tile, float, FloatLanes, lo_load_floats, lo_transpose)
LOAD_TILE(lo_load_wide_tile, double, Lanes, lo_load_wide, lo_transpose_wide)

// The labels of eight rows, of which the last one stands for those beyond; -1 where there are none. What is
// added to the residue is NaN for labels that are no classes.
INLINE Bits lo_tile_labels(const int32_t *labels, size_t rowCount, size_t classCount,
                           Lanes *residue) {
  Bits label = -1;
  if (labels == 0) return label;
  for (size_t lane = 0; lane < laneCount; lane++) {
    label[lane] = labels[lane < rowCount ? lane : rowCount - 1];
  }
  Bits isClass = (Bits)(label >= 0) & (Bits)(label < (long long)classCount);
  *residue += isClass ? (Lanes)0 : (Lanes)__builtin_nan("");
  return label;
}

// Eight classes from `first` on to rows of all of them. Of a row's last classes, what is stored beyond its end is
// overwritten by the next row's: those are to be stored first, and there is to be room for eight more.
INLINE void lo_store_tile(const Lanes *classes, size_t first, size_t rowCount, size_t classCount,
                          double *values) {
  Lanes rows[laneCount];
  lo_transpose_wide(classes, rows);
  for (size_t row = 0; row < rowCount; row++) {
    __builtin_memcpy(values + row * classCount + first, rows + row, sizeof *rows);
  }
}

#endif
