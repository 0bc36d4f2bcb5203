/* The guest's view of its environment, as text for the body. */
#include "scripted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints a text as JSON, or null. */
static void print_json(FILE *output, const char *text, size_t length)
{
    if (!text) {
        fputs("null", output);
        return;
    }
    fputc('"', output);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            fprintf(output, "\\u%04x", c);
        } else {
            fputc(c, output);
        }
    }
    fputc('"', output);
}

static void print_field(FILE *output, const char *name, const char *text)
{
    fprintf(output, "\"%s\":", name);
    print_json(output, text, text ? strlen(text) : 0);
    fputc(',', output);
}

static int write_and_free(FILE *output, char **text, size_t *length)
{
    fclose(output);
    int result = bootstream_write(*text, *length);
    free(*text);
    return result;
}

int write_context(const bootstream_context *context)
{
    char *text;
    size_t length;
    FILE *output = open_memstream(&text, &length);
    fputc('{', output);
    print_field(output, "request-id", context->request_id);
    print_field(output, "invoked-function-arn", context->invoked_function_arn);
    print_field(output, "trace-id", context->trace_id);
    print_field(output, "client-context", context->client_context);
    print_field(output, "cognito-identity", context->cognito_identity);
    print_field(output, "tenant-id", context->tenant_id);
    print_field(output, "function-name", context->function_name);
    print_field(output, "function-version", context->function_version);
    fprintf(
        output, "\"deadline-ms\":%" PRIu64 ",\"memory-limit-mib\":%" PRIu32 "}", context->deadline_ms,
        context->memory_limit_mib);
    return write_and_free(output, &text, &length);
}

int write_digest(const char *event, size_t length)
{
    uint64_t digest = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++) {
        digest = (digest ^ (unsigned char)event[i]) * 0x100000001b3;
    }
    return bootstream_printf("bytes: %zu fnv1a64: %016" PRIx64 "\n", length, digest);
}

extern char **environ;

int write_environment(void)
{
    char *text;
    size_t length;
    FILE *output = open_memstream(&text, &length);
    const char *separator = "{";
    for (char **variable = environ; variable && *variable; variable++) {
        size_t name = strcspn(*variable, "=");
        fputs(separator, output);
        print_json(output, *variable, name);
        fputc(':', output);
        print_json(output, *variable + name + 1, strlen(*variable + name + 1));
        separator = ",";
    }
    fputs(*separator == '{' ? "{}" : "}", output);
    return write_and_free(output, &text, &length);
}
