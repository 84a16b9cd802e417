#include "FloatingPointEnvironment.h"

#include <fenv.h>

#if defined(__x86_64__)

#include <xmmintrin.h>

enum {
  vectorFlags = 0x3f,
  subnormalOperandsAreZero = 0x40,
  vectorMasks = 0x1f80,
  vectorRounding = 0x6000,
  subnormalResultsAreZero = 0x8000,
  legacyMasks = 0x3f,
  legacyPrecision = 0x300,
  legacyRounding = 0xc00,
  // Bits that no document defines, and that differ between processors, are left out.
  legacyWord = legacyMasks | legacyPrecision | legacyRounding,
};

LOControlWords LOCurrentControlWords(void) {
  uint16_t legacy;
  __asm__ volatile("fnstcw %0" : "=m"(legacy));
  return (LOControlWords){_mm_getcsr() & ~vectorFlags, legacy & legacyWord};
}

LOControlWords LOStandardControlWords(void) {
  return (LOControlWords){vectorMasks, legacyMasks | legacyPrecision};
}

void LOInstallControlWords(LOControlWords words) {
  LOControlWords now = LOCurrentControlWords();
  if (now.vector != words.vector) _mm_setcsr((uint32_t)words.vector);
  if (now.legacy != words.legacy) {
    uint16_t legacy = (uint16_t)words.legacy | 0x40;
    // An exception that waits would trap as soon as it is unmasked.
    __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(legacy));
  }
}

int LORoundingDirection(LOControlWords words) { return (int)(words.vector & vectorRounding) >> 13; }

bool LOFlushesSubnormals(LOControlWords words) {
  return words.vector & (subnormalOperandsAreZero | subnormalResultsAreZero);
}

bool LOTrapsExceptions(LOControlWords words) {
  return (words.vector & vectorMasks) != vectorMasks || (words.legacy & legacyMasks) != legacyMasks;
}

#elif defined(__aarch64__)

enum { trapBits = 0x9f00, flushBit = 1 << 24, roundingBits = 3 << 22, flushInputsBit = 1 << 0 };

LOControlWords LOCurrentControlWords(void) {
  uint64_t word;
  __asm__ volatile("mrs %0, fpcr" : "=r"(word));
  return (LOControlWords){word, 0};
}

LOControlWords LOStandardControlWords(void) { return (LOControlWords){0, 0}; }

void LOInstallControlWords(LOControlWords words) {
  if (LOCurrentControlWords().vector != words.vector) {
    __asm__ volatile("msr fpcr, %0" : : "r"(words.vector));
  }
}

int LORoundingDirection(LOControlWords words) {
  // Arm counts up before down.
  static const int directions[] = {0, 2, 1, 3};
  return directions[(words.vector & roundingBits) >> 22];
}

bool LOFlushesSubnormals(LOControlWords words) { return words.vector & (flushBit | flushInputsBit); }

bool LOTrapsExceptions(LOControlWords words) { return words.vector & trapBits; }

#else

LOControlWords LOCurrentControlWords(void) {
  return (LOControlWords){(uint64_t)fegetround(), 0};
}

LOControlWords LOStandardControlWords(void) { return (LOControlWords){FE_TONEAREST, 0}; }

void LOInstallControlWords(LOControlWords words) { fesetround((int)words.vector); }

int LORoundingDirection(LOControlWords words) { return words.vector == FE_TONEAREST ? 0 : 1; }

bool LOFlushesSubnormals(LOControlWords words) { return false; }

bool LOTrapsExceptions(LOControlWords words) { return false; }

#endif

bool LOAreSameControlWords(LOControlWords a, LOControlWords b) {
  return a.vector == b.vector && a.legacy == b.legacy;
}
