#include "error.h"

#include <bootstream.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest text of a failure, in bytes. */
#define ERROR_BYTES 2048

static char error_text[ERROR_BYTES];
static char error_name[ERROR_BYTES];

const char *bootstream_error(void)
{
    return error_text;
}

const char *bootstream_refusal(void)
{
    return error_name;
}

/* Removes what a cut has left of a character at the end. */
static void trim_character(char *text)
{
    size_t length = strlen(text), start = length;
    if (length + 1 < ERROR_BYTES) {
        return;
    }
    while (start > 0 && length - start < 4 && (text[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start > 0 && (text[start - 1] & 0x80)) {
        text[start - 1] = 0;
    }
}

void error_set(const char *name, const char *format, ...)
{
    va_list values;
    snprintf(error_name, sizeof error_name, "%s", name);
    va_start(values, format);
    vsnprintf(error_text, sizeof error_text, format, values);
    va_end(values);
    trim_character(error_text);
}

int bootstream_fail(const char *format, ...)
{
    /* The values may have the text of the last failure. */
    char text[ERROR_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    error_set("", "%s", text);
    return BOOTSTREAM_FAILED;
}

char *text_format(size_t *length, const char *format, va_list values)
{
    va_list again;
    va_copy(again, values);
    int wanted = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = wanted < 0 ? NULL : malloc((size_t)wanted + 1);
    if (text) {
        vsnprintf(text, (size_t)wanted + 1, format, values);
        *length = (size_t)wanted;
    }
    return text;
}

void bootstream_panic_at(const char *file, int line, const char *format, ...)
{
    va_list values;
    fflush(stdout);
    /* The host reads the place and the message from the lines of a panic. */
    fprintf(stderr, "handler panicked at %s:%d:\n", file, line);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    fflush(stderr);
    __builtin_trap();
}
