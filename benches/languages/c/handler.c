#include <bootstream.h>
#include <bootstream_json.h>

#include <stdlib.h>

int bootstream_handle(const char *event, size_t event_bytes, const bootstream_context *context)
{
    (void)context;
    bootstream_json document, path;
    if (!bootstream_json_parse(event, event_bytes, &document) ||
        !bootstream_json_get(document, "rawPath", &path)) {
        return bootstream_fail("the event has no path");
    }
    char *text = bootstream_json_text(path, NULL);
    const bootstream_header headers[] = {{"content-type", "text/plain"}, {"x-path", text}};
    int failed = bootstream_start(&(bootstream_head){.status = 200, .headers = headers, .header_count = 2});
    free(text);
    return failed ? failed : bootstream_puts("hello");
}
