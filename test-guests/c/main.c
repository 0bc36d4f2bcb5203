/*
 * The scripted guest in C, with the package of guest-c.
 *
 * The language of the scripts is the one of the crate scripted-guest, whose README describes it.
 */
#include "scripted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_steps(const script *script, bootstream_json steps)
{
    bootstream_json step;
    const char *at = NULL;
    for (int number = 1; bootstream_json_next(steps, &at, NULL, &step); number++) {
        int result = run_step(script, step);
        if (result == BOOTSTREAM_FAILED) {
            return result;
        }
        if (result != 0) {
            const char *what = result == UNEXPECTED ? bootstream_error() : bootstream_refusal();
            return bootstream_fail("step %d: %s", number, what);
        }
    }
    return 0;
}

/* Reads the script in the body of an HTTP event. Only the tests with a real front end encode it. */
static int run_body(const script *script, bootstream_json event)
{
    bootstream_json body, document, steps;
    size_t length;
    char *text = bootstream_json_get(event, "body", &body) ? bootstream_json_text(body, &length) : NULL;
    int result;
    if (text && bootstream_json_parse(text, length, &document) && bootstream_json_get(document, "steps", &steps)) {
        result = run_steps(script, steps);
    } else {
        result = bootstream_printf("event bytes: %zu\n", script->event_bytes);
    }
    free(text);
    return result;
}

int bootstream_handle(const char *event, size_t event_bytes, const bootstream_context *context)
{
    script script = {event, event_bytes, context};
    bootstream_json document, steps;
    if (!bootstream_json_parse(event, event_bytes, &document)) {
        return bootstream_printf("event bytes: %zu\n", event_bytes);
    }
    if (bootstream_json_get(document, "steps", &steps)) {
        return run_steps(&script, steps);
    }
    return run_body(&script, document);
}
