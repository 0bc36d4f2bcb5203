#include "scripted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double number_of(bootstream_json object, const char *name)
{
    bootstream_json value;
    return bootstream_json_get(object, name, &value) ? bootstream_json_number(value, 0) : 0;
}

/* Returns the number of values in a list. */
static size_t count_of(bootstream_json list)
{
    bootstream_json value;
    const char *at = NULL;
    size_t count = 0;
    while (bootstream_json_next(list, &at, NULL, &value)) {
        count++;
    }
    return count;
}

static void free_head(bootstream_head *head)
{
    for (size_t i = 0; i < head->header_count; i++) {
        free((void *)head->headers[i].name);
        free((void *)head->headers[i].value);
    }
    for (size_t i = 0; i < head->cookie_count; i++) {
        free((void *)head->cookies[i]);
    }
    free((void *)head->headers);
    free((void *)head->cookies);
}

static int write_headers(bootstream_json argument)
{
    bootstream_head head = {.status = (unsigned)number_of(argument, "status")};
    bootstream_json list, value;
    const char *at = NULL;
    if (bootstream_json_get(argument, "headers", &list)) {
        bootstream_header *headers = calloc(count_of(list) + 1, sizeof *headers);
        while (bootstream_json_next(list, &at, NULL, &value)) {
            bootstream_json text;
            const char *in_pair = NULL;
            bootstream_json_next(value, &in_pair, NULL, &text);
            headers[head.header_count].name = bootstream_json_text(text, NULL);
            bootstream_json_next(value, &in_pair, NULL, &text);
            headers[head.header_count++].value = bootstream_json_text(text, NULL);
        }
        head.headers = headers;
    }
    at = NULL;
    if (bootstream_json_get(argument, "cookies", &list)) {
        const char **cookies = calloc(count_of(list) + 1, sizeof *cookies);
        while (bootstream_json_next(list, &at, NULL, &value)) {
            cookies[head.cookie_count++] = bootstream_json_text(value, NULL);
        }
        head.cookies = cookies;
    }
    int result = bootstream_start(&head);
    free_head(&head);
    return result;
}

static int write_many_headers(bootstream_json argument)
{
    size_t count = (size_t)number_of(argument, "count"), bytes = (size_t)number_of(argument, "bytes");
    bootstream_header *headers = calloc(count + 1, sizeof *headers);
    char *value = calloc(1, bytes + 1);
    memset(value, 'v', bytes);
    for (size_t i = 0; i < count; i++) {
        headers[i] = (bootstream_header){"x", value};
    }
    int result = bootstream_start(&(bootstream_head){.headers = headers, .header_count = count});
    free(value);
    free(headers);
    return result;
}

static int write_bytes(bootstream_json argument)
{
    size_t length = (size_t)number_of(argument, "len");
    char *bytes = malloc(length + 1);
    if (!bytes) {
        return bootstream_fail("there is no memory for %zu bytes", length);
    }
    memset(bytes, (int)number_of(argument, "fill"), length);
    int result = bootstream_write(bytes, length);
    free(bytes);
    return result;
}

static int write_many(bootstream_json argument)
{
    bootstream_json chunk;
    size_t length = 0;
    char *text = bootstream_json_get(argument, "chunk", &chunk) ? bootstream_json_text(chunk, &length) : NULL;
    int result = 0;
    for (double left = number_of(argument, "count"); text && left > 0 && result == 0; left--) {
        result = bootstream_write(text, length);
    }
    free(text);
    return result;
}

/* Writes bytes of which the one at offset i is i % 251. */
static int write_pattern(bootstream_json argument)
{
    enum { PERIOD = 251 };
    size_t total = (size_t)number_of(argument, "total"), chunk = (size_t)number_of(argument, "chunk");
    chunk += chunk == 0;
    unsigned char *repeated = malloc(chunk + PERIOD);
    int result = 0;
    for (size_t i = 0; i < chunk + PERIOD; i++) {
        repeated[i] = (unsigned char)(i % PERIOD);
    }
    for (size_t offset = 0; offset < total && result == 0; offset += chunk) {
        size_t left = total - offset;
        result = bootstream_write(repeated + offset % PERIOD, left < chunk ? left : chunk);
    }
    free(repeated);
    return result;
}

static int sleep_ms(double pause)
{
    struct timespec time = {(time_t)(pause / 1000), (long)((long long)pause % 1000) * 1000000};
    nanosleep(&time, NULL);
    return 0;
}

static void log_with_fields(bootstream_level level, bootstream_json record, const char *text)
{
    enum { MOST = 8 };
    bootstream_field fields[MOST];
    char *texts[2 * MOST];
    size_t count = 0, used = 0;
    bootstream_json list, pair, name, value;
    const char *at = NULL;
    if (!bootstream_json_get(record, "fields", &list)) {
        bootstream_log(level, "%s", text);
        return;
    }
    while (count < MOST && bootstream_json_next(list, &at, NULL, &pair)) {
        const char *in_pair = NULL;
        bootstream_json_next(pair, &in_pair, NULL, &name);
        bootstream_json_next(pair, &in_pair, NULL, &value);
        bootstream_field *field = &fields[count++];
        field->name = texts[used++] = bootstream_json_text(name, NULL);
        switch (bootstream_json_kind_of(value)) {
        case BOOTSTREAM_JSON_NUMBER:
            field->kind = BOOTSTREAM_NUMBER;
            field->value.number = bootstream_json_number(value, 0);
            break;
        case BOOTSTREAM_JSON_BOOL:
            field->kind = BOOTSTREAM_BOOLEAN;
            field->value.boolean = bootstream_json_true(value);
            break;
        default:
            field->kind = BOOTSTREAM_TEXT;
            field->value.text = texts[used++] = bootstream_json_text(value, NULL);
        }
    }
    bootstream_log_fields(level, fields, count, "%s", text);
    while (used > 0) {
        free(texts[--used]);
    }
}

static int log_record(bootstream_json argument)
{
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error"};
    bootstream_json level, message;
    if (!bootstream_json_get(argument, "level", &level) || !bootstream_json_get(argument, "message", &message)) {
        bootstream_fail("invalid script: a record has a level and a message");
        return UNEXPECTED;
    }
    char *text = bootstream_json_text(message, NULL);
    for (int i = 0; i < 5; i++) {
        if (bootstream_json_is(level, levels[i])) {
            log_with_fields((bootstream_level)i, argument, text);
        }
    }
    free(text);
    return 0;
}

static int print(FILE *output, const char *text)
{
    fputs(text, output);
    fflush(output);
    return 0;
}

/* Executes a step and names its outcome in `outcome`. Returns failures other than refusals. */
static int attempt(const script *script, bootstream_json step, char *outcome, size_t size)
{
    int result = run_step(script, step);
    if (result == BOOTSTREAM_FAILED || result == UNEXPECTED) {
        return result;
    }
    snprintf(outcome, size, "%s", result == 0 ? "ok" : bootstream_refusal());
    return 0;
}

static int try_step(const script *script, bootstream_json step)
{
    char outcome[1024];
    int result = attempt(script, step, outcome, sizeof outcome);
    if (result == 0) {
        fprintf(stderr, "try: %s\n", outcome);
        /* The response may have ended; standard error has the outcome in any case. */
        bootstream_printf("try: %s\n", outcome);
    }
    return result;
}

static int expect(const script *script, bootstream_json argument)
{
    char outcome[1024];
    bootstream_json step, wanted;
    if (!bootstream_json_get(argument, "step", &step) || !bootstream_json_get(argument, "result", &wanted)) {
        bootstream_fail("invalid script: `expect` has a step and a result");
        return UNEXPECTED;
    }
    int result = attempt(script, step, outcome, sizeof outcome);
    if (result != 0 || bootstream_json_is(wanted, outcome)) {
        return result;
    }
    char *text = bootstream_json_text(wanted, NULL);
    size_t name_bytes = strcspn(outcome, "(");
    if (strlen(text) != name_bytes || strncmp(text, outcome, name_bytes) != 0) {
        bootstream_fail("expected %s, got %s", text, outcome);
        result = UNEXPECTED;
    }
    free(text);
    return result;
}

static int exit_with(int code)
{
    exit(code);
}

static int trap(void)
{
    __builtin_trap();
}

/* Executes a step with a text. */
static int run_text(const char *name, const char *text)
{
    if (strcmp(name, "write") == 0) {
        return bootstream_puts(text);
    }
    if (strcmp(name, "start_raw") == 0) {
        return bootstream_start_raw(text);
    }
    if (strcmp(name, "panic") == 0) {
        bootstream_panic("%s", text);
    }
    if (strcmp(name, "error") == 0) {
        return bootstream_fail("%s", text);
    }
    return print(strcmp(name, "print") == 0 ? stdout : stderr, text);
}

#define IS(wanted) (strcmp(name, wanted) == 0)

static int run_named(const script *script, const char *name, bootstream_json argument)
{
    static const char *const with_text[] = {"write", "start_raw", "panic", "error", "print", "eprint"};
    double number = bootstream_json_number(argument, 0);
    for (size_t i = 0; i < sizeof with_text / sizeof *with_text; i++) {
        if (IS(with_text[i])) {
            char *text = bootstream_json_text(argument, NULL);
            int result = run_text(name, text ? text : "");
            free(text);
            return result;
        }
    }
    if (IS("write_headers")) return write_headers(argument);
    if (IS("write_many_headers")) return write_many_headers(argument);
    if (IS("start_document")) return bootstream_start_document();
    if (IS("write_bytes")) return write_bytes(argument);
    if (IS("write_many")) return write_many(argument);
    if (IS("write_pattern")) return write_pattern(argument);
    if (IS("write_context")) return write_context(script->context);
    if (IS("write_event_digest")) return write_digest(script->event, script->event_bytes);
    if (IS("write_env")) return write_environment();
    if (IS("finish")) return bootstream_finish();
    if (IS("sleep_ms")) return sleep_ms(number);
    if (IS("spin_ms")) return spin_ms(number);
    if (IS("loop_forever")) return loop_forever();
    if (IS("loop_writing")) return loop_writing();
    if (IS("recurse_forever")) return recurse_forever();
    if (IS("grow_memory")) return grow_memory((size_t)number);
    if (IS("trap")) return trap();
    if (IS("exit")) return exit_with((int)number);
    if (IS("log")) return log_record(argument);
    if (IS("fetch")) return fetch_step(argument);
    if (IS("try")) return try_step(script, argument);
    if (IS("expect")) return expect(script, argument);
    if (IS("repeat_forever")) {
        int result = 0;
        while (result == 0) {
            result = run_step(script, argument);
        }
        return result;
    }
    bootstream_fail("invalid script: unknown variant `%s`", name);
    return UNEXPECTED;
}

int run_step(const script *script, bootstream_json step)
{
    bootstream_json key = step, argument = step;
    const char *at = NULL;
    if (bootstream_json_kind_of(step) == BOOTSTREAM_JSON_OBJECT) {
        bootstream_json_next(step, &at, &key, &argument);
    }
    char *name = bootstream_json_text(key, NULL);
    int result = run_named(script, name ? name : "", argument);
    free(name);
    return result;
}
