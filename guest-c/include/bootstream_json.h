/*
 * Reads JSON without memory of its own: a value is a piece of the document.
 *
 *     bootstream_json event_json, query, count;
 *     if (bootstream_json_parse(event, event_bytes, &event_json) &&
 *         bootstream_json_get(event_json, "queryStringParameters", &query) &&
 *         bootstream_json_get(query, "count", &count)) {
 *         char *text = bootstream_json_text(count, NULL);
 */
#ifndef BOOTSTREAM_JSON_H
#define BOOTSTREAM_JSON_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A value, from its first byte to its last. */
typedef struct {
    const char *start, *end;
} bootstream_json;

typedef enum {
    BOOTSTREAM_JSON_NULL,
    BOOTSTREAM_JSON_BOOL,
    BOOTSTREAM_JSON_NUMBER,
    BOOTSTREAM_JSON_TEXT,
    BOOTSTREAM_JSON_LIST,
    BOOTSTREAM_JSON_OBJECT,
} bootstream_json_kind;

/* Checks a document, and returns whether it is JSON. The functions below take values of such a document only. */
bool bootstream_json_parse(const char *document, size_t length, bootstream_json *value);

bootstream_json_kind bootstream_json_kind_of(bootstream_json value);

/* Finds the first member of this name. Returns false if there is none, or the value is no object. */
bool bootstream_json_get(bootstream_json object, const char *name, bootstream_json *value);

/*
 * Goes through a list or an object: returns the next value, and the name of the member if `name` is not NULL. `at` is
 * NULL at first. Returns false at the end.
 */
bool bootstream_json_next(bootstream_json of, const char **at, bootstream_json *name, bootstream_json *value);

/* Returns the text of a string, which the caller frees, and its length if that is not NULL. NULL if it is no string. */
char *bootstream_json_text(bootstream_json value, size_t *length);

/* Returns whether a value is a string with this text. */
bool bootstream_json_is(bootstream_json value, const char *text);

/* Returns a number, or `otherwise` if the value is none. */
double bootstream_json_number(bootstream_json value, double otherwise);

/* Returns whether the value is `true`. */
bool bootstream_json_true(bootstream_json value);

#ifdef __cplusplus
}
#endif

#endif
