#ifndef FLOATING_POINT_ENVIRONMENT_H
#define FLOATING_POINT_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

/// What rules the arithmetic of a thread: the rounding direction, whether subnormal numbers are taken
/// for 0 or made 0, and which exceptions trap. The flags that tell of exceptions are no part of it.
///
/// A library may change it when it is loaded (-ffast-math), or in a call (fesetround), and leave it so
/// for whoever computes next on the thread.
typedef struct {
  /// MXCSR on x86, FPCR on Arm; elsewhere the rounding direction of fenv.h.
  uint64_t vector;
  /// The control word of the x87 unit, where there is one.
  uint64_t legacy;
} LOControlWords __attribute__((swift_name("ControlWords")));

/// Those of this thread.
LOControlWords LOCurrentControlWords(void) __attribute__((swift_name("ControlWords.current()")));

/// Those of a new process: to nearest, subnormal numbers kept, no traps.
LOControlWords LOStandardControlWords(void) __attribute__((swift_name("ControlWords.standard()")));

/// Makes them those of this thread; a few nanoseconds where they are already.
void LOInstallControlWords(LOControlWords words)
    __attribute__((swift_name("ControlWords.install(self:)")));

/// Whether arithmetic is the same under both.
bool LOAreSameControlWords(LOControlWords a, LOControlWords b)
    __attribute__((swift_name("ControlWords.isSame(self:as:)")));

/// The rounding direction: 0 to nearest, 1 down, 2 up, 3 toward zero.
int LORoundingDirection(LOControlWords words)
    __attribute__((swift_name("getter:ControlWords.roundingDirection(self:)")));

/// Whether subnormal operands or results are 0.
bool LOFlushesSubnormals(LOControlWords words)
    __attribute__((swift_name("getter:ControlWords.flushesSubnormals(self:)")));

/// Whether some exception traps.
bool LOTrapsExceptions(LOControlWords words)
    __attribute__((swift_name("getter:ControlWords.trapsExceptions(self:)")));

#endif
