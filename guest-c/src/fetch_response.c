#define _GNU_SOURCE

#include "error.h"
#include "fetch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Most bytes that one call reads. */
#define READ_BYTES (64 * 1024)

typedef struct {
    abi_owned name, value;
} field;

struct bootstream_response {
    uint32_t response, body, stream;
    abi_owned fields;
    char *url;
};

bool fetch_wait(const uint32_t *pollables, size_t count)
{
    abi_owned ready;
    poll_any(pollables, count, &ready);
    abi_free(abi_take(ready));
    bool is_first = pollable_ready(pollables[0]);
    for (size_t i = 0; i < count; i++) {
        pollable_drop(pollables[i]);
    }
    return is_first;
}

static bootstream_response *open_response(uint32_t handle, const char *url)
{
    handle_result body, stream;
    bootstream_response *response = calloc(1, sizeof *response);
    char *copy = strdup(url);
    if (!response || !copy) {
        free(response);
        free(copy);
        response_drop(handle);
        error_set("", "there is no memory for the response");
        return NULL;
    }
    uint32_t fields = response_headers(handle);
    fields_entries(fields, &response->fields);
    fields_drop(fields);
    response_consume(handle, &body);
    incoming_body_stream(body.handle, &stream);
    response->response = handle;
    response->body = body.handle;
    response->stream = stream.handle;
    response->url = copy;
    return response;
}

bootstream_response *fetch_await(uint32_t future, const char *url)
{
    future_result got;
    fetch_wait((uint32_t[]){future_subscribe(future)}, 1);
    future_get(future, &got);
    future_drop(future);
    if (!got.is_some || got.of.taken) {
        error_set("", "the request to `%s` failed: internal-error: the response is not there", url);
        return NULL;
    }
    if (got.of.result.failed) {
        fetch_failed(url, &got.of.result.of.code);
        return NULL;
    }
    return open_response(got.of.result.of.handle, url);
}

unsigned bootstream_response_status(const bootstream_response *response)
{
    return response_status(response->response);
}

const char *bootstream_response_header(const bootstream_response *response, const char *name)
{
    const field *fields = (const field *)response->fields.data;
    for (size_t i = 0; i < response->fields.length; i++) {
        if (strcasecmp(abi_take(fields[i].name), name) == 0) {
            return abi_take(fields[i].value);
        }
    }
    return NULL;
}

ptrdiff_t bootstream_response_read(bootstream_response *response, void *buffer, size_t size)
{
    if (size == 0) {
        return 0;
    }
    for (;;) {
        stream_result read;
        fetch_wait((uint32_t[]){input_subscribe(response->stream)}, 1);
        input_read(response->stream, size < READ_BYTES ? size : READ_BYTES, &read);
        if (!read.failed) {
            char *part = abi_take(read.of.list);
            size_t length = read.of.list.length;
            memcpy(buffer, part, length);
            abi_free(part);
            if (length > 0) {
                return (ptrdiff_t)length;
            }
        } else if (read.of.stream_error.kind == LAST_OPERATION_FAILED) {
            fetch_stream_failed(response->url, read.of.stream_error.error);
            return -1;
        } else {
            return 0;
        }
    }
}

void bootstream_response_close(bootstream_response *response)
{
    if (!response) {
        return;
    }
    field *fields = (field *)response->fields.data;
    for (size_t i = 0; i < response->fields.length; i++) {
        abi_free(abi_take(fields[i].name));
        abi_free(abi_take(fields[i].value));
    }
    abi_free(abi_take(response->fields));
    input_drop(response->stream);
    incoming_body_drop(response->body);
    response_drop(response->response);
    free(response->url);
    free(response);
}
