/* Goes through a JSON document. */
#ifndef BOOTSTREAM_INTERNAL_JSON_H
#define BOOTSTREAM_INTERNAL_JSON_H

#include <bootstream_json.h>

/* Most lists and objects inside each other. */
#define DEPTH_LIMIT 128

/* The rest of a document. */
typedef struct {
    const char *at, *end;
} rest;

/* Each skips what it names, and returns whether it was there. */
bool json_skip_char(rest *r, char wanted);
bool json_skip_text(rest *r);
bool json_skip_value(rest *r, int depth);

void json_skip_space(rest *r);

/* Reads the four digits of `\u`. Returns -1 if there are none. */
long json_read_unit(rest *r);

#endif
