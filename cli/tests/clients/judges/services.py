"""Requests for `service_guest`, whose path says what it does. The same seed gives the same requests."""

import re

from request import BODY_SIZES, Request, some_body, some_headers

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"]
TARGETS = ["/hello", "/none", "/latin", "/bytes?0", "/bytes?1", "/bytes?65536", "/bytes?1000000", "/stream?0", "/stream?1",
           "/stream?300000", "/status?200", "/status?204", "/status?304", "/status?404", "/status?500", "/status?599",
           "/status?1000", "/head?0", "/head?10000"]
QUERIES = ["", "?", "?a=1&a=2", "?%26=%zz", "?é", "?a/b?c", "?[]'|"]
BODIES = ["/echo", "/copy"]

# Its responses announce no length. `serve` adds the length of a body that is passed on.
ANNOUNCES_LENGTH = False


def request(random):
    headers = some_headers(random)
    method = random.choice(METHODS)
    kind = random.random()
    if kind < 0.4:
        return Request(method, random.choice(TARGETS).encode(), headers, b"", False)
    if kind < 0.7:
        return Request(method, ("/describe" + random.choice(QUERIES)).encode(), headers, b"", False)
    content_type, content = some_body(random, BODY_SIZES)
    headers.append(("content-type", content_type))
    return Request(method, random.choice(BODIES).encode(), headers, content, bool(content) and random.random() < 0.5)


def described(body):
    """Splits a body into what was written, and what the component saw of its request, or `None`."""
    if not body.startswith(b"method Method::"):
        return body, None
    method, scheme, authority, path, *headers = body.decode().split("\n")
    return b"", {
        "method": method.removeprefix("method "),
        "scheme": option(scheme),
        "authority": option(authority),
        "target": option(path),
        "headers": [[name, unescaped(value)] for name, value in (line.split(": ", 1) for line in headers)],
    }


def option(line):
    """Reads Rust's `Some("text")`."""
    found = re.search(r'Some\((?:"(.*)"|Scheme::(.*))\)$', line)
    return found and (found[1] or found[2].lower()).replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")


def unescaped(value):
    """Bytes that Rust has escaped, each as a character."""
    return value.encode().decode("unicode_escape")
