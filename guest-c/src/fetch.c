#define _GNU_SOURCE

#include "error.h"
#include "wasi.h"

#include <bootstream_fetch.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Most bytes that one call reads. */
#define READ_BYTES (64 * 1024)

/* The `stream-error` with an error. The other one says that the stream is closed. */
#define LAST_OPERATION_FAILED 0

typedef struct {
    abi_owned name, value;
} field;

struct bootstream_response {
    uint32_t response, body, stream;
    abi_owned fields;
    char *url;
};

/* The names of `error-code` of wasi:http, in the order of their numbers. */
static const char *const codes[] = {
    "DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable", "destination-IP-prohibited",
    "destination-IP-unroutable", "connection-refused", "connection-terminated", "connection-timeout",
    "connection-read-timeout", "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error",
    "TLS-certificate-error", "TLS-alert-received", "HTTP-request-denied", "HTTP-request-length-required",
    "HTTP-request-body-size", "HTTP-request-method-invalid", "HTTP-request-URI-invalid", "HTTP-request-URI-too-long",
    "HTTP-request-header-section-size", "HTTP-request-header-size", "HTTP-request-trailer-section-size",
    "HTTP-request-trailer-size", "HTTP-response-incomplete", "HTTP-response-header-section-size",
    "HTTP-response-header-size", "HTTP-response-body-size", "HTTP-response-trailer-section-size",
    "HTTP-response-trailer-size", "HTTP-response-transfer-coding", "HTTP-response-content-coding",
    "HTTP-response-timeout", "HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected", "configuration-error",
    "internal-error",
};

enum { DNS_ERROR = 1, TLS_ALERT = 14, REQUEST_DENIED = 15, TRANSFER_CODING = 31, CONTENT_CODING = 32, INTERNAL_ERROR = 38 };

static void failed(const char *url, const char *code, const char *detail, const char *advice)
{
    error_set("", "the request to `%s` failed: %s%s%s%s", url, code, *detail ? ": " : "", detail, advice);
}

static void failed_with(const char *url, const error_code *code)
{
    /* An `option<string>`, behind an `option<u8>` in an alert. */
    const uint32_t *option = &code->payload[code->number == TLS_ALERT];
    bool may_have_text = code->number == DNS_ERROR || code->number == TLS_ALERT || code->number == TRANSFER_CODING ||
                         code->number == CONTENT_CODING || code->number == INTERNAL_ERROR;
    char *detail = abi_take((abi_owned){0});
    if (may_have_text && (option[0] & 0xff)) {
        detail = abi_take((abi_owned){(char *)option[1], option[2]});
    }
    const char *advice =
        code->number == REQUEST_DENIED ? "; allow its host in `outbound.allow` of bootstream.toml" : "";
    size_t count = sizeof codes / sizeof *codes;
    failed(url, codes[code->number < count ? code->number : count - 1], detail, advice);
    abi_free(detail);
}

static void stream_failed(const char *url, uint32_t error)
{
    code_result code;
    http_error_code(error, &code);
    if (code.failed) {
        failed_with(url, &code.of.code);
    } else {
        abi_owned owned;
        error_text_of(error, &owned);
        char *text = abi_take(owned);
        failed(url, "internal-error", text, "");
        abi_free(text);
    }
    error_drop(error);
}

/* Waits until one of the pollables is ready, and drops them. Returns whether the first one is. */
static bool wait_for(const uint32_t *pollables, size_t count)
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

static bool make_fields(const bootstream_request *request, uint32_t *fields)
{
    handle_result made;
    abi_list *entries = calloc(2 * request->header_count + 1, sizeof *entries);
    if (!entries) {
        error_set("", "there is no memory for the headers of the request");
        return false;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        entries[2 * i] = abi_text(request->headers[i].name);
        entries[2 * i + 1] = abi_text(request->headers[i].value);
    }
    fields_from_list(entries, request->header_count, &made);
    free(entries);
    *fields = made.handle;
    if (made.failed) {
        error_set("", "a header of the request is not valid HTTP, or is one that only the host sets");
    }
    return !made.failed;
}

static bool set_method(uint32_t made, const char *method)
{
    /* In the order of the contract, which has a case for any other behind these. */
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    uint32_t kind = 0;
    while (kind < sizeof names / sizeof *names && strcmp(names[kind], method) != 0) {
        kind++;
    }
    return request_set_method(made, kind, method, strlen(method)) == 0;
}

/* Makes a request of a URL and a method. Takes the fields. */
static bool make_request(const bootstream_request *request, uint32_t fields, uint32_t *made)
{
    const char *method = request->method ? request->method : request->body ? "POST" : "GET";
    const char *scheme_end = strstr(request->url, "://");
    uint32_t kind = scheme_end && strncmp(request->url, "https", (size_t)(scheme_end - request->url)) == 0;
    bool is_known = scheme_end && scheme_end - request->url == (kind ? 5 : 4) && strncmp(request->url, "http", 4) == 0;
    const char *host = is_known ? scheme_end + 3 : "";
    size_t host_bytes = strcspn(host, "/?#");
    const char *path = host + host_bytes;
    size_t path_bytes = strcspn(path, "#");
    if (!is_known || host_bytes == 0) {
        error_set("", "`%s` is not an absolute URL of http or https", request->url);
        fields_drop(fields);
        return false;
    }
    if (memchr(host, '@', host_bytes)) {
        error_set("", "a URL must not have credentials: put them into a header, as a secret");
        fields_drop(fields);
        return false;
    }
    *made = request_new(fields);
    bool is_whole = path_bytes > 0 && *path == '/';
    char *slashed = NULL;
    if (!is_whole && asprintf(&slashed, "/%.*s", (int)path_bytes, path) < 0) {
        slashed = NULL;
    }
    abi_list target = is_whole ? (abi_list){path, path_bytes} : abi_text(slashed);
    request_set_scheme(*made, 1, kind, NULL, 0);
    bool is_valid = set_method(*made, method) && request_set_authority(*made, 1, host, host_bytes) == 0 &&
                    request_set_path(*made, 1, target.data, target.length) == 0;
    free(slashed);
    if (!is_valid) {
        error_set("", "the method, the host or the path of the request to `%s` is not valid HTTP", request->url);
        request_drop(*made);
    }
    return is_valid;
}

static uint32_t make_options(uint32_t timeout_ms)
{
    uint32_t options = options_new();
    uint64_t nanoseconds = (uint64_t)timeout_ms * 1000000;
    options_set_connect(options, 1, nanoseconds);
    options_set_first_byte(options, 1, nanoseconds);
    options_set_between_bytes(options, 1, nanoseconds);
    return options;
}

/* Writes to a stream until the response is there or the stream ends. Returns whether all is written. */
static bool upload(uint32_t stream, uint32_t future, const char *bytes, size_t left)
{
    while (left > 0) {
        write_result allowed;
        stream_result written;
        output_check_write(stream, &allowed);
        if (allowed.failed) {
            if (allowed.of.stream_error.kind == LAST_OPERATION_FAILED) {
                error_drop(allowed.of.stream_error.error);
            }
            return false;
        }
        if (allowed.of.bytes == 0) {
            if (wait_for((uint32_t[]){future_subscribe(future), output_subscribe(stream)}, 2)) {
                return false;
            }
            continue;
        }
        size_t part = allowed.of.bytes < left ? (size_t)allowed.of.bytes : left;
        output_write(stream, bytes, part, &written);
        if (written.failed) {
            if (written.of.stream_error.kind == LAST_OPERATION_FAILED) {
                error_drop(written.of.stream_error.error);
            }
            return false;
        }
        bytes += part;
        left -= part;
    }
    return true;
}

/* Sends the body. If that fails, the response says why. */
static void send_body(uint32_t body, uint32_t future, const bootstream_request *request)
{
    handle_result stream;
    code_result finished;
    outgoing_body_write(body, &stream);
    bool is_whole = upload(stream.handle, future, request->body, request->body_bytes);
    output_drop(stream.handle);
    if (is_whole) {
        outgoing_body_finish(body, 0, 0, &finished);
    } else {
        outgoing_body_drop(body);
    }
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

static bootstream_response *await(uint32_t future, const char *url)
{
    future_result got;
    wait_for((uint32_t[]){future_subscribe(future)}, 1);
    future_get(future, &got);
    future_drop(future);
    if (!got.is_some || got.of.taken) {
        failed(url, "internal-error", "the response is not there", "");
        return NULL;
    }
    if (got.of.result.failed) {
        failed_with(url, &got.of.result.of.code);
        return NULL;
    }
    return open_response(got.of.result.of.handle, url);
}

bootstream_response *bootstream_fetch(const bootstream_request *request)
{
    uint32_t fields, made;
    handle_result body = {0};
    code_result future;
    if (!make_fields(request, &fields) || !make_request(request, fields, &made)) {
        return NULL;
    }
    if (request->body) {
        request_body(made, &body);
    }
    uint32_t options = request->timeout_ms ? make_options(request->timeout_ms) : 0;
    outgoing_handle(made, request->timeout_ms != 0, options, &future);
    if (future.failed) {
        if (request->body) {
            outgoing_body_drop(body.handle);
        }
        failed_with(request->url, &future.of.code);
        return NULL;
    }
    if (request->body) {
        send_body(body.handle, future.of.handle, request);
    }
    return await(future.of.handle, request->url);
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
        wait_for((uint32_t[]){input_subscribe(response->stream)}, 1);
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
            stream_failed(response->url, read.of.stream_error.error);
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
