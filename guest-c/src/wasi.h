/* WASI in the canonical ABI, as far as requests need it. Handles are numbers. */
#ifndef BOOTSTREAM_WASI_H
#define BOOTSTREAM_WASI_H

#include "abi.h"

#define HTTP(name) IMPORT("wasi:http/types@0.2.9", name)
#define STREAMS(name) IMPORT("wasi:io/streams@0.2.9", name)

/* A `result` with a handle, or with an error of no more than four bytes. */
typedef struct {
    uint8_t failed;
    uint32_t handle;
} handle_result;

/* `error-code`, whose largest case has 24 bytes. */
typedef struct {
    uint8_t number;
    uint32_t payload[6] __attribute__((aligned(8)));
} error_code;

/* `result<T, error-code>`. A handle is the first four bytes of the code. */
typedef struct {
    uint8_t failed;
    union {
        uint32_t handle;
        error_code code;
    } of __attribute__((aligned(8)));
} code_result;

/* `option<result<result<incoming-response, error-code>>>`. */
typedef struct {
    uint8_t is_some;
    struct {
        uint8_t taken;
        code_result result __attribute__((aligned(8)));
    } of __attribute__((aligned(8)));
} future_result;

/* A `result` with a `stream-error`, or with a list. */
typedef struct {
    uint8_t failed;
    union {
        abi_owned list;
        struct {
            uint8_t kind;
            uint32_t error;
        } stream_error;
    } of;
} stream_result;

typedef struct {
    uint8_t failed;
    union {
        uint64_t bytes;
        struct {
            uint8_t kind;
            uint32_t error;
        } stream_error;
    } of;
} write_result;

HTTP("[static]fields.from-list") void fields_from_list(const abi_list *entries, size_t count, handle_result *result);
HTTP("[method]fields.entries") void fields_entries(uint32_t fields, abi_owned *list);
HTTP("[resource-drop]fields") void fields_drop(uint32_t fields);

HTTP("[constructor]outgoing-request") uint32_t request_new(uint32_t headers);
HTTP("[method]outgoing-request.body") void request_body(uint32_t request, handle_result *result);
HTTP("[method]outgoing-request.set-method")
uint32_t request_set_method(uint32_t request, uint32_t kind, const void *other, size_t length);
HTTP("[method]outgoing-request.set-path-with-query")
uint32_t request_set_path(uint32_t request, uint32_t is_some, const void *path, size_t length);
HTTP("[method]outgoing-request.set-scheme")
uint32_t request_set_scheme(uint32_t request, uint32_t is_some, uint32_t kind, const void *other, size_t length);
HTTP("[method]outgoing-request.set-authority")
uint32_t request_set_authority(uint32_t request, uint32_t is_some, const void *authority, size_t length);
HTTP("[resource-drop]outgoing-request") void request_drop(uint32_t request);

HTTP("[constructor]request-options") uint32_t options_new(void);
HTTP("[method]request-options.set-connect-timeout")
uint32_t options_set_connect(uint32_t options, uint32_t is_some, uint64_t nanoseconds);
HTTP("[method]request-options.set-first-byte-timeout")
uint32_t options_set_first_byte(uint32_t options, uint32_t is_some, uint64_t nanoseconds);
HTTP("[method]request-options.set-between-bytes-timeout")
uint32_t options_set_between_bytes(uint32_t options, uint32_t is_some, uint64_t nanoseconds);

IMPORT("wasi:http/outgoing-handler@0.2.9", "handle")
void outgoing_handle(uint32_t request, uint32_t has_options, uint32_t options, code_result *result);

HTTP("[method]future-incoming-response.subscribe") uint32_t future_subscribe(uint32_t future);
HTTP("[method]future-incoming-response.get") void future_get(uint32_t future, future_result *result);
HTTP("[resource-drop]future-incoming-response") void future_drop(uint32_t future);

HTTP("[method]incoming-response.status") uint32_t response_status(uint32_t response);
HTTP("[method]incoming-response.headers") uint32_t response_headers(uint32_t response);
HTTP("[method]incoming-response.consume") void response_consume(uint32_t response, handle_result *result);
HTTP("[resource-drop]incoming-response") void response_drop(uint32_t response);
HTTP("[method]incoming-body.stream") void incoming_body_stream(uint32_t body, handle_result *result);
HTTP("[resource-drop]incoming-body") void incoming_body_drop(uint32_t body);

HTTP("[method]outgoing-body.write") void outgoing_body_write(uint32_t body, handle_result *result);
HTTP("[static]outgoing-body.finish")
void outgoing_body_finish(uint32_t body, uint32_t has_trailers, uint32_t trailers, code_result *result);
HTTP("[resource-drop]outgoing-body") void outgoing_body_drop(uint32_t body);

/* `option<error-code>` has the shape of a result. */
HTTP("http-error-code") void http_error_code(uint32_t error, code_result *code);

STREAMS("[method]input-stream.read") void input_read(uint32_t stream, uint64_t length, stream_result *result);
STREAMS("[method]input-stream.subscribe") uint32_t input_subscribe(uint32_t stream);
STREAMS("[resource-drop]input-stream") void input_drop(uint32_t stream);
STREAMS("[method]output-stream.check-write") void output_check_write(uint32_t stream, write_result *result);
STREAMS("[method]output-stream.write")
void output_write(uint32_t stream, const void *bytes, size_t length, stream_result *result);
STREAMS("[method]output-stream.subscribe") uint32_t output_subscribe(uint32_t stream);
STREAMS("[resource-drop]output-stream") void output_drop(uint32_t stream);

IMPORT("wasi:io/error@0.2.9", "[method]error.to-debug-string") void error_text_of(uint32_t error, abi_owned *text);
IMPORT("wasi:io/error@0.2.9", "[resource-drop]error") void error_drop(uint32_t error);
IMPORT("wasi:io/poll@0.2.9", "poll") void poll_any(const uint32_t *pollables, size_t count, abi_owned *ready);
IMPORT("wasi:io/poll@0.2.9", "[method]pollable.ready") uint32_t pollable_ready(uint32_t pollable);
IMPORT("wasi:io/poll@0.2.9", "[resource-drop]pollable") void pollable_drop(uint32_t pollable);

#endif
