/* Streams numbers, one each second: three, or as many as `?count=` asks for. */
#include <bootstream.h>
#include <bootstream_json.h>

#include <stdlib.h>
#include <time.h>

/* Returns the number that the event asks for. Behind API Gateway it is a request; others may send any JSON. */
static int count_of(const char *event, size_t event_bytes)
{
    bootstream_json document, query, count;
    if (!bootstream_json_parse(event, event_bytes, &document) ||
        !bootstream_json_get(document, "queryStringParameters", &query) ||
        !bootstream_json_get(query, "count", &count)) {
        return 3;
    }
    char *text = bootstream_json_text(count, NULL);
    int number = text ? atoi(text) : 3;
    free(text);
    return number;
}

/* Handles one invocation: each write is sent to the caller at once. */
int bootstream_handle(const char *event, size_t event_bytes, const bootstream_context *context)
{
    const bootstream_header headers[] = {
        {"content-type", "text/plain"},
        {"x-my-custom-header", "streaming-c"},
        {"x-request-id", context->request_id},
    };
    int failed = bootstream_start(&(bootstream_head){.status = 200, .headers = headers, .header_count = 3});
    int count = count_of(event, event_bytes);
    for (int number = 1; number <= count && !failed; number++) {
        failed = bootstream_printf("Number: %d\n", number);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    return failed ? failed : bootstream_puts("Streaming complete!\n");
}
