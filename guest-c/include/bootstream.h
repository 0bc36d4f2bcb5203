/*
 * Handlers of Bootstream in C and C++: responses of AWS Lambda, streamed while they are made.
 *
 *     #include <bootstream.h>
 *
 *     int bootstream_handle(const char *event, size_t event_bytes, const bootstream_context *context)
 *     {
 *         bootstream_printf("Hello, invocation %s\n", context->request_id);
 *         return 0;
 *     }
 *
 * All text is UTF-8 and ends with a NUL.
 */
#ifndef BOOTSTREAM_H
#define BOOTSTREAM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOOTSTREAM_FORMAT(at, values) __attribute__((__format__(__printf__, at, values)))

/* Metadata of an invocation, and of its function. Text that Lambda did not send is NULL, or empty for the function. */
typedef struct {
    /* Lambda's id of this invocation. */
    const char *request_id;
    /* The host stops the handler shortly before this time, in milliseconds since the Unix epoch. */
    uint64_t deadline_ms;
    /* The ARN by which the function was invoked. */
    const char *invoked_function_arn;
    /* The trace header of AWS X-Ray. */
    const char *trace_id;
    /* The client context of the AWS Mobile SDK, a JSON document. */
    const char *client_context;
    /* The Amazon Cognito identity of the caller, a JSON document. */
    const char *cognito_identity;
    /* The tenant, for functions with tenant isolation. */
    const char *tenant_id;
    const char *function_name;
    const char *function_version;
    /* The function's memory, in MiB. 0 if unknown. */
    uint32_t memory_limit_mib;
} bootstream_context;

/*
 * Handles one invocation. The handler defines this function. `event` is the document exactly as Lambda delivered it.
 *
 * The response ends with the function, cleanly if it returns 0. Any other number is a failure, with the text of
 * `bootstream_error`: it is reported to Lambda before the first byte, and ends the stream with error trailers after it.
 * So `return bootstream_fail("no such order: %d", order);`, or `return` with what a call below returned.
 */
int bootstream_handle(const char *event, size_t event_bytes, const bootstream_context *context);

/* Why a call failed. Calls below return one of these, 0 for success. A refused call leaves the response as it was. */
typedef enum {
    BOOTSTREAM_OK = 0,
    /* A start came after the response had started. */
    BOOTSTREAM_ALREADY_STARTED = 1,
    /* The call came after `bootstream_finish`. */
    BOOTSTREAM_ALREADY_FINISHED = 2,
    /* The reader of the response is gone. Every later call fails in the same way: return. */
    BOOTSTREAM_CLOSED = 3,
    /* The status is outside 100 to 599. */
    BOOTSTREAM_INVALID_STATUS = 4,
    /* A header or cookie is not valid HTTP. */
    BOOTSTREAM_INVALID_HEADER = 5,
    /* The head is larger than Lambda's front ends accept. */
    BOOTSTREAM_HEAD_TOO_LARGE = 6,
    /* Any other reason: for example, a document is larger than its reader accepts. */
    BOOTSTREAM_REFUSED = 7,
    /* The handler has failed, with `bootstream_fail`. */
    BOOTSTREAM_FAILED = 8,
    /* There is no memory. */
    BOOTSTREAM_NO_MEMORY = 9,
} bootstream_result;

/* Returns the text of the last call that failed, or an empty text. It is valid until the next call. */
const char *bootstream_error(void);

/* The last refusal's name in the contract with its payload in parentheses, such as `invalid-status(99)`. */
const char *bootstream_refusal(void);

/* Sets the text of a failure. Returns BOOTSTREAM_FAILED. */
int bootstream_fail(const char *format, ...) BOOTSTREAM_FORMAT(1, 2);

/* A name and a value. Names are case-insensitive, and may occur several times. */
typedef struct {
    const char *name, *value;
} bootstream_header;

/* What comes before the body of a response. */
typedef struct {
    /* 100 to 599. 0 stands for 200. */
    unsigned status;
    const bootstream_header *headers;
    size_t header_count;
    /* Values of Set-Cookie, one for each cookie. */
    const char *const *cookies;
    size_t cookie_count;
} bootstream_head;

/* Starts an HTTP stream. The head does not wait for the first write. */
int bootstream_start(const bootstream_head *head);

/* Starts a document for queues, authorizers and other callers that read JSON. It is sent as a whole, when complete. */
int bootstream_start_document(void);

/* Starts a stream without a head, of this media type, for callers of InvokeWithResponseStream. */
int bootstream_start_raw(const char *content_type);

/*
 * Sends a part of the body at once, or adds it to the document. Waits while the caller reads more slowly. Without a
 * start before, the status is 200. An empty part starts the response, and sends nothing.
 */
int bootstream_write(const void *bytes, size_t length);

/* Sends text. */
int bootstream_puts(const char *text);

/* Sends formatted text. */
int bootstream_printf(const char *format, ...) BOOTSTREAM_FORMAT(1, 2);
int bootstream_vprintf(const char *format, va_list values) BOOTSTREAM_FORMAT(1, 0);

/* Ends the response, which is then complete for the caller. The handler may continue to work. */
int bootstream_finish(void);

typedef enum {
    BOOTSTREAM_TRACE,
    BOOTSTREAM_DEBUG,
    BOOTSTREAM_INFO,
    BOOTSTREAM_WARN,
    BOOTSTREAM_ERROR,
} bootstream_level;

/* Logs a record. What is printed to standard output is logged at INFO, and to standard error at WARN, by lines. */
void bootstream_log(bootstream_level level, const char *format, ...) BOOTSTREAM_FORMAT(2, 3);

/* A field of a record: its name, and a value of its kind. */
typedef struct {
    const char *name;
    enum { BOOTSTREAM_TEXT, BOOTSTREAM_INTEGER, BOOTSTREAM_NUMBER, BOOTSTREAM_BOOLEAN } kind;
    union {
        const char *text;
        int64_t integer;
        double number;
        bool boolean;
    } value;
} bootstream_field;

/*
 * Logs a record with fields. In a log of JSON, each is a member of the record; in text, it follows the message.
 *
 *     bootstream_field fields[] = {
 *         {"order", BOOTSTREAM_INTEGER, {.integer = 7}},
 *         {"country", BOOTSTREAM_TEXT, {.text = "NZ"}},
 *     };
 *     bootstream_log_fields(BOOTSTREAM_INFO, fields, 2, "sold");
 */
void bootstream_log_fields(
    bootstream_level level, const bootstream_field *fields, size_t count, const char *format, ...)
    BOOTSTREAM_FORMAT(4, 5);

/* Ends the handler with an error `Function.Panic`, which has the message and the place. */
#define bootstream_panic(...) bootstream_panic_at(__FILE__, __LINE__, __VA_ARGS__)
__attribute__((noreturn)) void bootstream_panic_at(const char *file, int line, const char *format, ...)
    BOOTSTREAM_FORMAT(3, 4);

#ifdef __cplusplus
}
#endif

#endif
