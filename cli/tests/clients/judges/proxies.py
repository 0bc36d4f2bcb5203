"""Requests for `wasi_http_guest`, each with the script of its response. The same seed gives the same requests."""

import json

from request import BODY_SIZES, Request, some_body, some_headers

# Written before the description of a request.
DESCRIPTION = "\n--description--\n"

# `PRI` and `CONNECT` are not for origins, and other spellings of standard methods become the standard ones.
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "M-SEARCH", "x!#$%'*+.^_`|~"]
SEGMENTS = ["a", "B", "%20", "%2F", "%2f", "%25", "%3F", "%23", "%zz", "%", "%4", ";v=1", ":", "@", "!$&'()*+,=", "~",
            ".", "..", "", "-_", "'", '"', "{x}", "[0]", "|", "^", "\\", "é", "世", "%CE%BB", "%00", "%FF"]
# No server accepts these.
REFUSED = ["<", ">", "`", "\x7f", " "]
PARAMETERS = ["a=1", "a=2", "b=%26", "c", "=", "", "d=+", "e=%20", "f=%zz", "g=a/b?c", "h=é", "i=[1]", "k={}", "l=%2B",
              "m=a=b", "n='", "%3D=%3D", "o=|", "p=\\^`", "q=%", "r=:@!$()*,;", "s=%FF", "t=世"]

ANSWERED = ["x-a", "X-B", "content-type", "etag", "location", "vary", "cache-control", "x-!#$%&'*+.^_`|~", "server",
            "date", "www-authenticate", "x_under", "allow", "link", "content-language"]
# Each character is a byte: valid UTF-8, and then what is not.
VALUES = ["1", "2", "", "a, b", "a;b=\"c\"", "tab\tin", "\xc3\xa9", "\xe4\xb8\x96", "\xe9", "\xff\xa0", "x" * 500]
COOKIES = ["a=1", "b=2; Path=/; HttpOnly", "c=\"d\"; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "e="]
STATUSES = [200] * 6 + [201, 202, 204, 206, 226, 299, 300, 301, 304, 307, 400, 401, 404, 405, 410, 418, 422, 429, 431,
                        451, 499, 500, 501, 502, 503, 504, 511, 599]

ANNOUNCES_LENGTH = True


def request(random):
    method = random.choice(METHODS)
    headers = some_headers(random)
    content = b""
    if random.random() < 0.5:
        content_type, content = some_body(random, BODY_SIZES)
        headers.append(("content-type", content_type))
    script = json.dumps({"steps": steps(random, bool(content))})
    headers.append(("x-script", script))
    return Request(method, target(random), headers, content, bool(content) and random.random() < 0.3)


def target(random):
    segments = ["".join(random.choices(SEGMENTS, k=random.randint(1, 2))) for _ in range(random.randint(0, 4))]
    if random.random() < 0.03:
        segments.append(random.choice(REFUSED))
    path = "/" + "/".join(segments)
    # These paths belong to the local Lambda, or to its parser of URIs.
    if path.startswith(("/@", "//")):
        path = "/p" + path
    if random.random() < 0.6:
        path += "?" + "&".join(random.choices(PARAMETERS, k=random.randint(0, 4)))
    return path.encode()


def steps(random, has_body):
    """The script: a head, then some ways to write, then the end."""
    headers = [[name, random.choice(VALUES)] for name in random.choices(ANSWERED, k=random.randint(0, 8))]
    headers += [["set-cookie", cookie] for cookie in random.sample(COOKIES, k=random.choice([0, 0, 1, 3]))]
    found = [{"respond": {"status": random.choice(STATUSES), "headers": headers}}]
    for _ in range(random.randint(0, 4)):
        found += write(random)
    # A server resets a connection whose request it has not read, and the response may be lost.
    if not has_body and random.random() < 0.3:
        headers.append(["content-length", str(sum(written(step) for step in found))])
        return [*found, "finish"]
    if has_body:
        found.append(random.choice(["digest_request", "splice_request"]))
    if random.random() < 0.5:
        found += [{"write": DESCRIPTION}, "describe_request"]
    return [*found, "finish"]


def write(random):
    return random.choice([
        [{"write": random.choice(["", "a", "é\n", "0\r\n\r\n", "x" * 5000])}],
        [{"write_many": {"count": random.choice([1, 10, 300]), "chunk": "y" * random.choice([1, 64, 1000])}}],
        [{"write_pattern": {"total": random.choice([1, 4096, 100_000, 300_000]), "chunk": random.choice([999, 65_536])}}],
        ["await_writable", {"write_zeroes": random.choice([0, 1, 4096])}],
    ])


def written(step):
    """The number of bytes that a step writes."""
    match step:
        case {"write": text}:
            return len(text.encode())
        case {"write_many": many}:
            return many["count"] * len(many["chunk"])
        case {"write_pattern": pattern}:
            return pattern["total"]
        case {"write_zeroes": size}:
            return size
    return 0


def described(body):
    """Splits a body into what was written, and what the component saw of its request, or `None`."""
    body, mark, text = body.partition(DESCRIPTION.encode())
    return body, json.loads(text) if mark else None
