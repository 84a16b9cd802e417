// The files of the Fixtures folder that the command needs, as they stood when it was built.

#ifndef LOSS_ORACLE_SHIPPED_FIXTURES_H
#define LOSS_ORACLE_SHIPPED_FIXTURES_H

#include <stddef.h>

typedef struct {
  /// Its path in the folder.
  const char *_Nonnull name;
  const unsigned char *_Nonnull bytes;
  size_t byteCount;
} ShippedFixture;

/// The file of that place, NULL after the last.
const ShippedFixture *_Nullable shippedFixture(size_t index);

#endif
