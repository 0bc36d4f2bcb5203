#include <bootstream_json.h>

#include <stdlib.h>
#include <string.h>

/* Most lists and objects inside each other. */
#define DEPTH_LIMIT 128

/* The rest of a document. `at` is NULL after a mistake. */
typedef struct {
    const char *at, *end;
} rest;

static void skip_space(rest *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at) {
        r->at++;
    }
}

static bool skip_char(rest *r, char wanted)
{
    bool is_there = r->at < r->end && *r->at == wanted;
    r->at += is_there;
    return is_there;
}

static bool skip_word(rest *r, const char *word)
{
    size_t length = strlen(word);
    bool is_there = (size_t)(r->end - r->at) >= length && memcmp(r->at, word, length) == 0;
    r->at += is_there ? length : 0;
    return is_there;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_digits(rest *r)
{
    const char *from = r->at;
    while (r->at < r->end && is_digit(*r->at)) {
        r->at++;
    }
    return (size_t)(r->at - from);
}

static bool skip_number(rest *r)
{
    skip_char(r, '-');
    bool is_zero = r->at < r->end && *r->at == '0';
    size_t digits = skip_digits(r);
    if (digits == 0 || (is_zero && digits > 1)) {
        return false;
    }
    if (skip_char(r, '.') && skip_digits(r) == 0) {
        return false;
    }
    if (skip_char(r, 'e') || skip_char(r, 'E')) {
        if (!skip_char(r, '+')) {
            skip_char(r, '-');
        }
        return skip_digits(r) > 0;
    }
    return true;
}

static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the four digits of `\u`. Returns -1 if there are none. */
static long read_unit(rest *r)
{
    long unit = 0;
    if (r->end - r->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*r->at++);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool skip_text(rest *r)
{
    if (!skip_char(r, '"')) {
        return false;
    }
    while (r->at < r->end) {
        unsigned char c = (unsigned char)*r->at++;
        if (c == '"') {
            return true;
        }
        if (c < 0x20) {
            return false;
        }
        if (c != '\\') {
            continue;
        }
        if (r->at == r->end) {
            return false;
        }
        char escape = *r->at++;
        if (escape == 'u' ? read_unit(r) < 0 : !escape || !strchr("\"\\/bfnrt", escape)) {
            return false;
        }
    }
    return false;
}

static bool skip_value(rest *r, int depth);

/* Skips the members behind a bracket, and the other bracket. */
static bool skip_members(rest *r, char closing, int depth)
{
    skip_space(r);
    if (skip_char(r, closing)) {
        return true;
    }
    do {
        skip_space(r);
        if (closing == '}') {
            if (!skip_text(r)) {
                return false;
            }
            skip_space(r);
            if (!skip_char(r, ':')) {
                return false;
            }
            skip_space(r);
        }
        if (!skip_value(r, depth)) {
            return false;
        }
        skip_space(r);
    } while (skip_char(r, ','));
    return skip_char(r, closing);
}

static bool skip_value(rest *r, int depth)
{
    if (r->at >= r->end || depth == 0) {
        return false;
    }
    switch (*r->at) {
    case '{':
        r->at++;
        return skip_members(r, '}', depth - 1);
    case '[':
        r->at++;
        return skip_members(r, ']', depth - 1);
    case '"':
        return skip_text(r);
    case 't':
        return skip_word(r, "true");
    case 'f':
        return skip_word(r, "false");
    case 'n':
        return skip_word(r, "null");
    default:
        return skip_number(r);
    }
}

bool bootstream_json_parse(const char *document, size_t length, bootstream_json *value)
{
    rest r = {document, document + length};
    skip_space(&r);
    value->start = r.at;
    if (!skip_value(&r, DEPTH_LIMIT)) {
        return false;
    }
    value->end = r.at;
    skip_space(&r);
    return r.at == r.end;
}

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
    skip_space(&r);
    if (r.at >= r.end) {
        return false;
    }
    if (is_object) {
        bootstream_json found = {r.at, NULL};
        skip_text(&r);
        found.end = r.at;
        if (name) {
            *name = found;
        }
        skip_space(&r);
        skip_char(&r, ':');
        skip_space(&r);
    }
    value->start = r.at;
    skip_value(&r, DEPTH_LIMIT);
    value->end = r.at;
    skip_space(&r);
    skip_char(&r, ',');
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
    long code = read_unit(r);
    if (code >= 0xd800 && code < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        rest second = {r->at + 2, r->end};
        long low = read_unit(&second);
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
