#include "ErrorText.h"

#include <string.h>

static _Thread_local char errorText[2048];

void LOKeepErrorText(const char *text) {
  size_t length = strnlen(text, sizeof errorText - 1);
  // Not in the middle of a character.
  while (length == sizeof errorText - 1 && length > 0 && (text[length] & 0xC0) == 0x80) length--;
  memmove(errorText, text, length);
  errorText[length] = 0;
}

const char *LOErrorText(void) { return errorText; }
