/* Tests of the JSON reader, on the machine at hand: `cc -Iinclude tests/json.c src/json*.c && ./a.out`. */
#include <bootstream_json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(bool is_right, int line, const char *what)
{
    if (!is_right) {
        fprintf(stderr, "%s:%d: %s\n", __FILE__, line, what);
        failures++;
    }
}

#define CHECK(condition) check(condition, __LINE__, #condition)

static bool is_json(const char *text)
{
    bootstream_json value;
    /* In memory of its exact size, so that a sanitizer sees what is read behind it. */
    size_t length = strlen(text);
    char *exact = malloc(length + (length == 0));
    memcpy(exact, text, length);
    bool is = bootstream_json_parse(exact, length, &value);
    free(exact);
    return is;
}

static bool reads(const char *document, const char *text)
{
    bootstream_json value;
    return bootstream_json_parse(document, strlen(document), &value) && bootstream_json_is(value, text);
}

static void documents_are_checked(void)
{
    static const char *const right[] = {
        "0", "-1.5e+3", " [ ] ", "{}", "{\"a\" : [1,{\"b\":null}], \"c\":true}", "\"\\ud83d\\ude00 \\\" \xc3\xa9\"", "[[[]]]",
    };
    static const char *const wrong[] = {
        "", " ", "01", "1.", "-", "1e", "[1,]", "{\"a\"}", "{a:1}", "{\"a\":1,}", "[1 2]", "tru", "nulll", "\"", "\"\\x\"",
        "\"\\u12\"", "\"a\nb\"", "{\"a\":1", "[", "]", "\"\\", "1 1", "{\"a\":}",
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        check(is_json(right[i]), __LINE__, right[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        check(!is_json(wrong[i]), __LINE__, wrong[i]);
    }
    char deep[4000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    CHECK(!is_json(deep));
}

static void values_are_found(void)
{
    static const char text[] = "{\"a\":[1,\"x\",true],\"b\\u0062\":{\"c\":-2.5},\"a\":0}";
    bootstream_json document, value, name;
    const char *at = NULL;
    CHECK(bootstream_json_parse(text, strlen(text), &document));
    CHECK(bootstream_json_get(document, "a", &value) && bootstream_json_kind_of(value) == BOOTSTREAM_JSON_LIST);
    bootstream_json list = value;
    CHECK(bootstream_json_next(list, &at, NULL, &value) && bootstream_json_number(value, 7) == 1);
    CHECK(bootstream_json_next(list, &at, NULL, &value) && bootstream_json_is(value, "x"));
    CHECK(bootstream_json_number(value, 7) == 7);
    CHECK(bootstream_json_next(list, &at, NULL, &value) && bootstream_json_true(value));
    CHECK(!bootstream_json_next(list, &at, NULL, &value));
    CHECK(bootstream_json_get(document, "bb", &value) && bootstream_json_get(value, "c", &value));
    CHECK(bootstream_json_number(value, 0) == -2.5);
    CHECK(!bootstream_json_get(document, "nothing", &value));
    at = NULL;
    CHECK(bootstream_json_next(document, &at, &name, &value) && bootstream_json_is(name, "a"));
}

static void texts_are_decoded(void)
{
    CHECK(reads("\"\\u00e9\\n\\/\"", "\xc3\xa9\n/"));
    CHECK(reads("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"));
    CHECK(reads("\"\\ud83d x\"", "\xef\xbf\xbd x"));
    CHECK(reads("\"\\u20ac\"", "\xe2\x82\xac"));
    CHECK(!reads("\"a\\u0000\"", "a"));
    CHECK(!reads("1", "1"));
}

int main(void)
{
    documents_are_checked();
    values_are_found();
    texts_are_decoded();
    return failures != 0;
}
