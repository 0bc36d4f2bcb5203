#include "abi.h"
#include "error.h"

#include <bootstream.h>

#include <stdio.h>
#include <string.h>

/* The arguments of `handle`, in memory, because they are too many to be passed. */
typedef struct {
    abi_owned event;
    abi_owned request_id;
    uint64_t deadline_ms;
    abi_option invoked_function_arn;
    abi_option trace_id;
    abi_option client_context;
    abi_option cognito_identity;
    abi_option tenant_id;
    abi_owned function_name;
    abi_owned function_version;
    uint32_t memory_limit_mib;
} arguments;

/* `result<_, string>`. */
typedef struct {
    uint8_t failed;
    abi_list text;
} outcome;

static const char *optional(abi_option option)
{
    return option.is_some ? abi_take(option.text) : NULL;
}

static void free_context(const bootstream_context *context)
{
    const char *texts[] = {
        context->request_id,       context->invoked_function_arn, context->trace_id,
        context->client_context,   context->cognito_identity,     context->tenant_id,
        context->function_name,    context->function_version,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        abi_free(texts[i]);
    }
}

EXPORT("handle") outcome *abi_handle(arguments *passed)
{
    static outcome returned;
    bootstream_context context = {
        .request_id = abi_take(passed->request_id),
        .deadline_ms = passed->deadline_ms,
        .invoked_function_arn = optional(passed->invoked_function_arn),
        .trace_id = optional(passed->trace_id),
        .client_context = optional(passed->client_context),
        .cognito_identity = optional(passed->cognito_identity),
        .tenant_id = optional(passed->tenant_id),
        .function_name = abi_take(passed->function_name),
        .function_version = abi_take(passed->function_version),
        .memory_limit_mib = passed->memory_limit_mib,
    };
    char *event = abi_take(passed->event);
    size_t event_bytes = passed->event.length;
    abi_free((char *)passed);
    error_set("", "%s", "");
    /* Otherwise lines would wait for the end of the invocation, and be lost if it is cut off. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);

    int result = bootstream_handle(event, event_bytes, &context);

    fflush(NULL);
    abi_free(event);
    free_context(&context);
    const char *text = bootstream_error();
    if (result != 0 && *text == 0) {
        bootstream_fail("the handler returned %d", result);
    }
    returned = (outcome){result != 0, abi_text(bootstream_error())};
    return &returned;
}
