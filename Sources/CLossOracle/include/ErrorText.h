#ifndef ERROR_TEXT_H
#define ERROR_TEXT_H

/* Keeps the text that lo_error_text gives this thread, cut where it is long. */
void LOKeepErrorText(const char *text);

/* The text of this thread. */
const char *LOErrorText(void);

#endif
