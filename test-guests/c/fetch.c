/* Sends requests. */
#include "scripted.h"

#include <bootstream_fetch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most bytes of a body that are written. */
#define BODY_BYTES 2000

static char *text_of(bootstream_json object, const char *name)
{
    bootstream_json value;
    return bootstream_json_get(object, name, &value) ? bootstream_json_text(value, NULL) : NULL;
}

/* Writes `ok: `, the status, the size of the body and its beginning. */
static int write_response(bootstream_response *response)
{
    char body[BODY_BYTES];
    size_t length = 0, shown = 0;
    char part[4096];
    ptrdiff_t count;
    while ((count = bootstream_response_read(response, part, sizeof part)) > 0) {
        size_t room = sizeof body - shown, more = (size_t)count < room ? (size_t)count : room;
        memcpy(body + shown, part, more);
        shown += more;
        length += (size_t)count;
    }
    if (count < 0) {
        return bootstream_printf("error: %s\n", bootstream_error());
    }
    return bootstream_printf(
        "ok: %u %zu %.*s\n", bootstream_response_status(response), length, (int)shown, body);
}

int fetch_step(bootstream_json argument)
{
    char *url = text_of(argument, "url"), *body = text_of(argument, "body"), *method = text_of(argument, "method");
    bootstream_request request = {
        .method = method,
        .url = url ? url : "",
        .body = body,
        .body_bytes = body ? strlen(body) : 0,
    };
    /* The response starts before anything can fail. */
    int result = bootstream_write("", 0);
    if (result == 0) {
        bootstream_response *response = bootstream_fetch(&request);
        result = response ? write_response(response) : bootstream_printf("error: %s\n", bootstream_error());
        bootstream_response_close(response);
    }
    free(url);
    free(body);
    free(method);
    return result;
}
