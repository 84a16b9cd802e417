/* A request of the live protocol: a line of JSON that is one object. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_CAPACITY = 64 };

struct request {
  char id[NAME_CAPACITY]; /* as it stands in the line, to be sent back */
  char function[NAME_CAPACITY];
  char format[NAME_CAPACITY];
  char output_format[NAME_CAPACITY]; /* that of `format` where the line has none */
  char target[NAME_CAPACITY];
  char option[NAME_CAPACITY]; /* the first option that changes something, or nothing */
  uint64_t protocol, rows, classes, payload;
};

/* Reads `line`, which ends with a NUL. Unknown members are skipped. False if it is no such object;
   what was read up to there stands in `request`. */
bool request_parse(const char *line, struct request *request);

#endif
