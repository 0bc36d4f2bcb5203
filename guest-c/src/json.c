#include "json.h"

#include <stdlib.h>
#include <string.h>

bootstream_json_kind bootstream_json_kind_of(bootstream_json value)
{
    switch (*value.start) {
    case '{':
        return BOOTSTREAM_JSON_OBJECT;
    case '[':
        return BOOTSTREAM_JSON_LIST;
    case '"':
        return BOOTSTREAM_JSON_TEXT;
    case 't':
    case 'f':
        return BOOTSTREAM_JSON_BOOL;
    case 'n':
        return BOOTSTREAM_JSON_NULL;
    default:
        return BOOTSTREAM_JSON_NUMBER;
    }
}

/* The document has been checked: nothing here can fail but the end. */
bool bootstream_json_next(bootstream_json of, const char **at, bootstream_json *name, bootstream_json *value)
{
    bool is_object = *of.start == '{';
    if (!is_object && *of.start != '[') {
        return false;
    }
    rest r = {*at ? *at : of.start + 1, of.end - 1};
    json_skip_space(&r);
    if (r.at >= r.end) {
        return false;
    }
    if (is_object) {
        bootstream_json found = {r.at, NULL};
        json_skip_text(&r);
        found.end = r.at;
        if (name) {
            *name = found;
        }
        json_skip_space(&r);
        json_skip_char(&r, ':');
        json_skip_space(&r);
    }
    value->start = r.at;
    json_skip_value(&r, DEPTH_LIMIT);
    value->end = r.at;
    json_skip_space(&r);
    json_skip_char(&r, ',');
    *at = r.at;
    return true;
}

bool bootstream_json_get(bootstream_json object, const char *name, bootstream_json *value)
{
    bootstream_json found;
    const char *at = NULL;
    if (*object.start != '{') {
        return false;
    }
    while (bootstream_json_next(object, &at, &found, value)) {
        if (bootstream_json_is(found, name)) {
            return true;
        }
    }
    return false;
}

static char *put_utf8(char *to, long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)((0xff00 >> (more + 1) & 0xff) | code >> 6 * more);
    while (more-- > 0) {
        *to++ = (char)(0x80 | (code >> 6 * more & 0x3f));
    }
    return to;
}

/* Writes the character of `\u`, with the second half of a pair. Half a pair becomes U+FFFD. */
static char *put_unit(char *to, rest *r)
{
    long code = json_read_unit(r);
    if (code >= 0xd800 && code < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        rest second = {r->at + 2, r->end};
        long low = json_read_unit(&second);
        if (low >= 0xdc00 && low < 0xe000) {
            r->at = second.at;
            return put_utf8(to, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
        }
    }
    return put_utf8(to, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
}

char *bootstream_json_text(bootstream_json value, size_t *length)
{
    static const char escapes[] = "bfnrt", escaped[] = "\b\f\n\r\t";
    if (*value.start != '"') {
        return NULL;
    }
    rest r = {value.start + 1, value.end - 1};
    /* No escape is shorter than what it stands for. */
    char *text = malloc((size_t)(r.end - r.at) + 1), *to = text;
    if (!text) {
        return NULL;
    }
    while (r.at < r.end) {
        char c = *r.at++;
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        c = *r.at++;
        const char *known = strchr(escapes, c);
        if (c == 'u') {
            to = put_unit(to, &r);
        } else {
            *to++ = known ? escaped[known - escapes] : c;
        }
    }
    *to = 0;
    if (length) {
        *length = (size_t)(to - text);
    }
    return text;
}

bool bootstream_json_is(bootstream_json value, const char *text)
{
    size_t length;
    char *found = bootstream_json_text(value, &length);
    bool is = found && length == strlen(text) && memcmp(found, text, length) == 0;
    free(found);
    return is;
}

double bootstream_json_number(bootstream_json value, double otherwise)
{
    char digits[64];
    size_t length = (size_t)(value.end - value.start);
    if (bootstream_json_kind_of(value) != BOOTSTREAM_JSON_NUMBER || length >= sizeof digits) {
        return otherwise;
    }
    memcpy(digits, value.start, length);
    digits[length] = 0;
    return strtod(digits, NULL);
}

bool bootstream_json_true(bootstream_json value)
{
    return *value.start == 't';
}
