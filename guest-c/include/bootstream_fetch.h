/*
 * Sends HTTP requests. The host has to allow each host name, in `[outbound]` of bootstream.toml; it also inserts
 * secrets and signs requests to AWS.
 */
#ifndef BOOTSTREAM_FETCH_H
#define BOOTSTREAM_FETCH_H

#include <bootstream.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    /* In upper case. NULL stands for GET, or POST with a body. */
    const char *method;
    /* An absolute URL of http or https, without credentials: they belong into a header, as a secret. */
    const char *url;
    const bootstream_header *headers;
    size_t header_count;
    const void *body;
    size_t body_bytes;
    /* For the connection, for the head of the response, and between parts of its body, each. None if 0. */
    uint32_t timeout_ms;
} bootstream_request;

/* A response whose body is still on its way. */
typedef struct bootstream_response bootstream_response;

/*
 * Sends a request, and returns when the head of its response has arrived. NULL if that fails: `bootstream_error` has
 * the error code of wasi:http, such as `HTTP-request-denied`.
 */
bootstream_response *bootstream_fetch(const bootstream_request *request);

unsigned bootstream_response_status(const bootstream_response *response);

/* Returns the first value of a header, or NULL. */
const char *bootstream_response_header(const bootstream_response *response, const char *name);

/* Reads what has arrived, at most `size` bytes, and waits for at least one. Returns 0 at the end, -1 after a failure. */
ptrdiff_t bootstream_response_read(bootstream_response *response, void *buffer, size_t size);

/* Frees a response. The rest of its body is not read. NULL does nothing. */
void bootstream_response_close(bootstream_response *response);

#ifdef __cplusplus
}
#endif

#endif
