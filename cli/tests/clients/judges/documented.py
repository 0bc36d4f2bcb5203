"""What a function URL and the host change, by `docs/reference/events.md`, `wasi-http.md` and `local-lambda.md`.

Each function takes what `wasmtime serve` shows, and returns what `bootstream dev` has to show.
"""

from collections import defaultdict

ADDED_TO_REQUESTS = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}
ADDED_TO_RESPONSES = {"x-amzn-requestid"}
OF_THE_CONNECTION = {"transfer-encoding", "connection", "keep-alive"}
REMAPPED = {"content-length", "date", "server", "www-authenticate"}
# Of those bytes that servers accept.
NOT_IN_PATH = b'"\\^{|}'
NOT_IN_QUERY = b""


def target(sent):
    """The target of a request."""
    path, mark, query = sent.partition("?")
    path = percent_signs(escaped(path.encode(), NOT_IN_PATH))
    query = escaped(query.encode(), NOT_IN_QUERY)
    # An event does not tell an empty query from none.
    return path + mark + query if query else path


def escaped(text, forbidden):
    """Encodes these bytes, and everything beyond ASCII."""
    return "".join(f"%{byte:02X}" if byte in forbidden or byte > 126 else chr(byte) for byte in text)


def percent_signs(path):
    """Encodes each `%` without two hex digits behind it."""
    digits = "0123456789abcdefABCDEF"
    first, *parts = path.split("%")
    return first + "".join(
        ("%" if len(part) > 1 and part[0] in digits and part[1] in digits else "%25") + part for part in parts
    )


def joined(fields, separator):
    """Repeated headers as one."""
    found = defaultdict(list)
    for name, value in fields:
        found[name.lower()].append(value)
    return {name: separator(name).join(values).strip() for name, values in found.items()}


def request_headers(fields):
    """A function URL joins values with a comma, and cookies as cookies."""
    return joined(fields, lambda name: "; " if name == "cookie" else ",")


def response_headers(fields):
    """The headers that `bootstream dev` should send, of those that `serve` has sent."""
    remapped = []
    for name, value in fields:
        if name == "date" and value.endswith(b" GMT"):
            continue  # The server's own.
        remapped.append((f"x-amzn-remapped-{name}" if name in REMAPPED else name, value))
    return comparable_headers(remapped)


def comparable_headers(fields):
    """Cookies in their order, and other headers with their values joined."""
    left_out = ADDED_TO_RESPONSES | OF_THE_CONNECTION
    fields = [(name, text(value)) for name, value in fields if name not in left_out]
    cookies = [value for name, value in fields if name == "set-cookie"]
    return {"set-cookie": cookies, **joined([it for it in fields if it[0] != "set-cookie"], lambda _: ", ")}


def text(value):
    """The value of a header in a prelude: UTF-8, or else ISO 8859-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
