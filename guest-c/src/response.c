#include "abi.h"
#include "error.h"

#include <bootstream.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `result<_, stream-error>`. */
typedef struct {
    uint8_t failed;
    struct {
        uint8_t kind;
        union {
            uint16_t status;
            abi_owned text;
            struct {
                uint64_t actual, limit;
            } size;
        } of;
    } error __attribute__((aligned(8)));
} stream_result;

#define STREAM(name) IMPORT("bootstream:handler/response-stream@0.1.1", name)

STREAM("write-headers")
void stream_write_headers(
    uint32_t status, const abi_list *headers, size_t header_count, const abi_list *cookies, size_t cookie_count,
    stream_result *result);
STREAM("start-document") void stream_start_document(stream_result *result);
STREAM("start-raw") void stream_start_raw(const void *content_type, size_t length, stream_result *result);
STREAM("write") void stream_write(const void *chunk, size_t length, stream_result *result);
STREAM("finish") void stream_finish(stream_result *result);

/* Keeps the text of a refusal, and returns its number. */
static int outcome(stream_result *result)
{
    char name[1024];
    if (!result->failed) {
        return BOOTSTREAM_OK;
    }
    switch (result->error.kind) {
    case 0:
        error_set("already-started", "the response has already started");
        break;
    case 1:
        error_set("already-finished", "the response has already finished");
        break;
    case 2:
        error_set("closed", "the response is closed: its reader is gone");
        break;
    case 3:
        snprintf(name, sizeof name, "invalid-status(%u)", result->error.of.status);
        error_set(name, "the status `%u` is outside 100 to 599", result->error.of.status);
        break;
    case 5:
        snprintf(
            name, sizeof name, "head-too-large(%llu > %llu)", (unsigned long long)result->error.of.size.actual,
            (unsigned long long)result->error.of.size.limit);
        error_set(
            name, "the response head takes %llu bytes, the limit is %llu bytes",
            (unsigned long long)result->error.of.size.actual, (unsigned long long)result->error.of.size.limit);
        break;
    default: {
        char *text = abi_take(result->error.of.text);
        int is_header = result->error.kind == 4;
        snprintf(name, sizeof name, "%s(%s)", is_header ? "invalid-header" : "other", text);
        error_set(name, "%s%s", is_header ? "invalid header: " : "", text);
        abi_free(text);
    }
    }
    /* The results are numbered as the contract numbers them, from 1. */
    return result->error.kind < BOOTSTREAM_REFUSED ? result->error.kind + 1 : BOOTSTREAM_REFUSED;
}

static int no_memory(void)
{
    error_set("", "there is no memory for the head or the text");
    return BOOTSTREAM_NO_MEMORY;
}

int bootstream_start(const bootstream_head *head)
{
    stream_result result;
    size_t count = 2 * head->header_count + head->cookie_count;
    abi_list *texts = calloc(count + 1, sizeof *texts), *cookies = texts + 2 * head->header_count;
    if (!texts) {
        return no_memory();
    }
    for (size_t i = 0; i < head->header_count; i++) {
        texts[2 * i] = abi_text(head->headers[i].name);
        texts[2 * i + 1] = abi_text(head->headers[i].value);
    }
    for (size_t i = 0; i < head->cookie_count; i++) {
        cookies[i] = abi_text(head->cookies[i]);
    }
    unsigned status = head->status == 0 ? 200 : head->status;
    stream_write_headers(
        status > UINT16_MAX ? UINT16_MAX : status, texts, head->header_count, cookies, head->cookie_count, &result);
    free(texts);
    return outcome(&result);
}

int bootstream_start_document(void)
{
    stream_result result;
    stream_start_document(&result);
    return outcome(&result);
}

int bootstream_start_raw(const char *content_type)
{
    stream_result result;
    abi_list text = abi_text(content_type);
    stream_start_raw(text.data, text.length, &result);
    return outcome(&result);
}

int bootstream_write(const void *bytes, size_t length)
{
    stream_result result;
    stream_write(bytes, length, &result);
    return outcome(&result);
}

int bootstream_puts(const char *text)
{
    return bootstream_write(text, strlen(text));
}

int bootstream_vprintf(const char *format, va_list values)
{
    size_t length;
    char *text = text_format(&length, format, values);
    if (!text) {
        return no_memory();
    }
    int result = bootstream_write(text, length);
    free(text);
    return result;
}

int bootstream_printf(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int result = bootstream_vprintf(format, values);
    va_end(values);
    return result;
}

int bootstream_finish(void)
{
    stream_result result;
    stream_finish(&result);
    return outcome(&result);
}

IMPORT("bootstream:handler/logging@0.1.1", "log") void logging_log(uint32_t level, const void *text, size_t length);

void bootstream_log(bootstream_level level, const char *format, ...)
{
    va_list values;
    size_t length;
    va_start(values, format);
    char *text = text_format(&length, format, values);
    va_end(values);
    if (text) {
        logging_log(level, text, length);
        free(text);
    }
}

/* `tuple<string, field>`. */
typedef struct {
    abi_list name;
    struct {
        uint8_t kind;
        union {
            abi_list text;
            int64_t integer;
            double number;
            uint8_t boolean;
        } of;
    } field __attribute__((aligned(8)));
} log_field;

IMPORT("bootstream:handler/logging@0.1.1", "log-record")
void logging_log_record(
    uint32_t level, const void *text, size_t length, uint32_t has_target, const void *target, size_t target_length,
    const log_field *fields, size_t field_count);

static log_field lowered(const bootstream_field *field)
{
    log_field result = {.name = abi_text(field->name), .field.kind = (uint8_t)field->kind};
    switch (field->kind) {
    case BOOTSTREAM_TEXT:
        result.field.of.text = abi_text(field->value.text);
        break;
    case BOOTSTREAM_INTEGER:
        result.field.of.integer = field->value.integer;
        break;
    case BOOTSTREAM_NUMBER:
        result.field.of.number = field->value.number;
        break;
    case BOOTSTREAM_BOOLEAN:
        result.field.of.boolean = field->value.boolean;
        break;
    }
    return result;
}

void bootstream_log_fields(
    bootstream_level level, const bootstream_field *fields, size_t count, const char *format, ...)
{
    va_list values;
    size_t length;
    va_start(values, format);
    char *text = text_format(&length, format, values);
    va_end(values);
    log_field *list = calloc(count + 1, sizeof *list);
    if (text && list) {
        for (size_t i = 0; i < count; i++) {
            list[i] = lowered(&fields[i]);
        }
        logging_log_record(level, text, length, 0, NULL, 0, list, count);
    }
    free(list);
    free(text);
}
