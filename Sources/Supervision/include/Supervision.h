#ifndef SUPERVISION_H
#define SUPERVISION_H

#include <stdint.h>
#include <sys/types.h>

/// What a supervisor tells of its program.
typedef struct {
  int32_t event;
  /// The process number, the reason (errno), the signal or the status.
  int32_t value;
} LOEvent;

enum {
  /// It runs, under this process number.
  LOStarted = 1,
  /// It could not be started, for this reason.
  LONotStarted = 2,
  /// It has been stopped by this signal.
  LOStopped = 3,
  /// It has exited with this status, and all that it had started has ended.
  LOExited = 4,
  /// It has been killed by this signal, and all that it had started has ended.
  LOKilled = 5,
};

/// Starts a program under a supervisor, a process between it and this one, which ends the program and
/// all of its descendants when the program ends, when a byte is written to the leash, and when the
/// leash is closed, as it is however this process ends.
///
/// - Parameters:
///   - arguments: The program, looked for in PATH where it has no slash, and its arguments. They are read
///     until the first event has been told.
///   - streams: What are to be its stdin, stdout and stderr.
///   - leash: Where `LOEvent`s are read, and where the end is asked for.
/// - Returns: The supervisor, to be waited for when the leash has been read to its end; or -1, with
///   errno set.
pid_t LOSupervise(char *const arguments[], const int streams[3], int *leash);

/// Leaves freed memory with this process, for the next batch of rows, where the C library can be told so: to give it back
/// and take it anew is a page fault for each 4 KiB, a tenth of the processor time of a check.
void LOKeepFreedMemory(void);

#endif
