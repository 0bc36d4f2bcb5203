#define _GNU_SOURCE

#include "error.h"
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    size_t scheme_bytes = scheme_end ? (size_t)(scheme_end - request->url) : 0;
    bool is_https = scheme_bytes == 5 && memcmp(request->url, "https", 5) == 0;
    bool is_known = is_https || (scheme_bytes == 4 && memcmp(request->url, "http", 4) == 0);
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
    request_set_scheme(*made, 1, is_https, NULL, 0);
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
            if (fetch_wait((uint32_t[]){future_subscribe(future), output_subscribe(stream)}, 2)) {
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
        fetch_failed(request->url, &future.of.code);
        return NULL;
    }
    if (request->body) {
        send_body(body.handle, future.of.handle, request);
    }
    return fetch_await(future.of.handle, request->url);
}
