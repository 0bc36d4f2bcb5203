#include "json.h"

#include <string.h>

void json_skip_space(rest *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at) {
        r->at++;
    }
}

bool json_skip_char(rest *r, char wanted)
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
    json_skip_char(r, '-');
    bool is_zero = r->at < r->end && *r->at == '0';
    size_t digits = skip_digits(r);
    if (digits == 0 || (is_zero && digits > 1)) {
        return false;
    }
    if (json_skip_char(r, '.') && skip_digits(r) == 0) {
        return false;
    }
    if (json_skip_char(r, 'e') || json_skip_char(r, 'E')) {
        if (!json_skip_char(r, '+')) {
            json_skip_char(r, '-');
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

long json_read_unit(rest *r)
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

bool json_skip_text(rest *r)
{
    if (!json_skip_char(r, '"')) {
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
        if (escape == 'u' ? json_read_unit(r) < 0 : !escape || !strchr("\"\\/bfnrt", escape)) {
            return false;
        }
    }
    return false;
}

/* Skips the members behind a bracket, and the other bracket. */
static bool skip_members(rest *r, char closing, int depth)
{
    json_skip_space(r);
    if (json_skip_char(r, closing)) {
        return true;
    }
    do {
        json_skip_space(r);
        if (closing == '}') {
            if (!json_skip_text(r)) {
                return false;
            }
            json_skip_space(r);
            if (!json_skip_char(r, ':')) {
                return false;
            }
            json_skip_space(r);
        }
        if (!json_skip_value(r, depth)) {
            return false;
        }
        json_skip_space(r);
    } while (json_skip_char(r, ','));
    return json_skip_char(r, closing);
}

bool json_skip_value(rest *r, int depth)
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
        return json_skip_text(r);
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
    json_skip_space(&r);
    value->start = r.at;
    if (!json_skip_value(&r, DEPTH_LIMIT)) {
        return false;
    }
    value->end = r.at;
    json_skip_space(&r);
    return r.at == r.end;
}
