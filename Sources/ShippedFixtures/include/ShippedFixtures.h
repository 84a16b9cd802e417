// The files of the Fixtures folder that the command needs, as the compiler read them. Each folder is a source
// by itself, so that a library that is linked statically has no more of them than it asks for.

#ifndef LOSS_ORACLE_SHIPPED_FIXTURES_H
#define LOSS_ORACLE_SHIPPED_FIXTURES_H

#include <stddef.h>

typedef struct {
  /// Its name in the folder.
  const char *_Nonnull name;
  const unsigned char *_Nonnull bytes;
  size_t byteCount;
} ShippedFixture;

/// The file of that place in a folder, NULL after the last.
const ShippedFixture *_Nullable shippedData(size_t index);
const ShippedFixture *_Nullable shippedLogits(size_t index);
const ShippedFixture *_Nullable shippedWitnesses(size_t index);

#endif
