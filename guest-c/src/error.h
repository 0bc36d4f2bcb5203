/* The text of the last failure. */
#ifndef BOOTSTREAM_INTERNAL_ERROR_H
#define BOOTSTREAM_INTERNAL_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/* Sets the text and the name of a refusal. */
void error_set(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Formats text into memory of its own. Returns NULL without memory. */
char *text_format(size_t *length, const char *format, va_list values) __attribute__((format(printf, 2, 0)));

#endif
