// Functions of a C library that compute the softplus rightly, and do something else besides.

#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#ifdef PRINTS_WHEN_LOADED
__attribute__((constructor)) static void greet(void) { if (write(1, "hello\n", 6) < 0) abort(); }
#endif
#ifdef CHANGES_WHEN_LOADED
__attribute__((constructor)) static void change(void) { fesetround(FE_UPWARD); }
#endif

static int calls;

static float number(uint16_t h) {
  union { uint32_t bits; float number; } u = {(uint32_t)h << 16};
  return u.number;
}

static uint16_t half(float f) {
  union { float number; uint32_t bits; } u = {f};
  if (f != f) return 0x7fff;
  return (u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16;
}

void right(const uint16_t *z, const uint16_t *y, size_t n, size_t k, uint16_t *out) {
  for (size_t i = 0; i < n; i++) {
    double x = number(z[i]);
    out[i] = half((float)(log1p(exp(-fabs(x))) + fmax(x, 0)));
  }
}

#define AND_THEN(name, deed)                                                              \
  void name(const uint16_t *z, const uint16_t *y, size_t n, size_t k, uint16_t *out) {   \
    calls++;                                                                              \
    right(z, y, n, k, out);                                                               \
    deed;                                                                                 \
  }

AND_THEN(beyond, out[n] = 1)
AND_THEN(into_inputs, ((uint16_t *)z)[0] ^= 1)
AND_THEN(upward, fesetround(FE_UPWARD))
#ifdef __x86_64__
AND_THEN(flushing, _mm_setcsr(_mm_getcsr() | 0x8040))
#elif defined(__aarch64__)
AND_THEN(flushing, uint64_t word; __asm__ volatile("mrs %0, fpcr" : "=r"(word)); word |= 1 << 24;
         __asm__ volatile("msr fpcr, %0" : : "r"(word)))
#endif
AND_THEN(complains, fputs("\033[2Jsomething is wrong\n", stderr); abort())
AND_THEN(exits, exit(0))
AND_THEN(exits_late, if (calls > 8) exit(0))
AND_THEN(crashes, abort())
AND_THEN(crashes_late, if (calls > 8) abort())
AND_THEN(loops, for (;;) usleep(1000))
AND_THEN(loops_late, if (calls > 8) for (;;) usleep(1000))
// Were its copy to go on, it would call again, and that ends the first.
static pid_t first;
AND_THEN(forks, if (calls == 1) first = getpid(); if (calls == 2) fork();
         if (calls == 3) getpid() == first ? usleep(200000) : kill(first, SIGABRT))
AND_THEN(closes, if (calls == 3) for (int i = 0; i < 3; i++) close(i))
AND_THEN(prints, if (write(1, "0\nall is well\n", 14) < 0) abort())
