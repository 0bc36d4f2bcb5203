/* What requests and their responses share. */
#ifndef BOOTSTREAM_INTERNAL_FETCH_H
#define BOOTSTREAM_INTERNAL_FETCH_H

#include "wasi.h"

#include <bootstream_fetch.h>

#include <stdbool.h>

/* The `stream-error` with an error. The other one says that the stream is closed. */
#define LAST_OPERATION_FAILED 0

/* Sets the text of a failed request. */
void fetch_failed(const char *url, const error_code *code);

/* Sets the text of a stream that has failed, and drops its error. */
void fetch_stream_failed(const char *url, uint32_t error);

/* Waits until one of the pollables is ready, and drops them. Returns whether the first one is. */
bool fetch_wait(const uint32_t *pollables, size_t count);

/* Waits for the head of a response. Drops the future. Returns NULL if the request has failed. */
bootstream_response *fetch_await(uint32_t future, const char *url);

#endif
