#include "include/Supervision.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void LOKeepFreedMemory(void) {
#if defined(__GLIBC__)
  // Larger blocks have pages of their own, which are given back.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  // Room that is asked for costs nothing before it is used; each time that it is asked for, the page tables change.
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}
