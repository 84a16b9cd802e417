// What the static libraries of the toolchain ask of glibc, and versions before 2.36 do not have.

#include <sys/random.h>

// Whether the process has one thread only (2.32): no is always right.
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;

// A random number (2.36), which std::random_device would ask for.
__attribute__((visibility("hidden"))) unsigned arc4random(void) {
  unsigned number = 0;
  while (getrandom(&number, sizeof number, 0) != sizeof number) {
  }
  return number;
}
