"""How responses end: what a component does, and what the callers of `wasmtime serve` and of `bootstream dev` see.

`wasmtime serve` ends many broken responses as if they were complete. No other difference is allowed, so the table has
both hosts, and fails when one of them changes.
"""

from dataclasses import dataclass

from wire import Response

FINE = "complete"
CUT = "cut"
# The connection closed, and anything up to the whole response may be lost.
LOST = "lost"


@dataclass
class Seen:
    status: int
    body: bytes
    end: str

    def allows(self, response: Response):
        """Whether this is what came back."""
        if self.end == LOST:
            return response.end != "complete" and self.body.startswith(response.body)
        is_page = self.status >= 500
        return (response.status, response.end) == (self.status, self.end) and (is_page or response.body == self.body)


def cut(body):
    return Seen(200, body, CUT)


def whole(body, status=200):
    return Seen(status, body, FINE)


# Pages of each host's own.
SERVE_FAILED = whole(b"", 500)
DEV_FAILED = whole(b"", 502)
HELLO = {"respond": {}}, {"write": "hello"}


def length(promised):
    return {"respond": {"headers": [["content-length", str(promised)]]}}


def outcome(step, result):
    return {"expect": {"step": step, "result": result}}


# What the component of WASI 0.2 does, what the caller of `serve` sees, and that of `dev`.
PROXY = [
    ("traps", [*HELLO, "trap"], whole(b"hello"), cut(b"hello")),
    ("panics", [*HELLO, {"panic": "boom"}], whole(b"hello"), cut(b"hello")),
    ("exits with 1", [*HELLO, {"exit": 1}], whole(b"hello"), cut(b"hello")),
    ("exits with 0", [*HELLO, {"exit": 0}], whole(b"hello"), cut(b"hello")),
    ("leaks the body", [*HELLO], whole(b"hello"), cut(b"hello")),
    ("leaks the body without its stream", [*HELLO, "drop_stream"], whole(b"hello"), cut(b"hello")),
    ("drops the body", [*HELLO, "drop_body"], Seen(200, b"hello", LOST), cut(b"hello")),
    ("finishes under its stream", [*HELLO, "finish_early"], whole(b"hello"), cut(b"hello")),
    ("writes more than 4096 bytes at once", [*HELLO, {"blocking_write": 4097}], whole(b"hello"), cut(b"hello")),
    ("writes less than promised", [length(10), {"write": "hello"}, outcome("finish", "HttpResponseBodySize")],
     Seen(200, b"hello", LOST), cut(b"hello")),
    ("writes more than promised", [length(3), outcome({"write": "hello"}, "failed: HttpResponseBodySize")],
     whole(b"hel"), cut(b"")),
    ("traps before the response", ["trap"], SERVE_FAILED, DEV_FAILED),
    ("exits before the response", [{"exit": 0}], SERVE_FAILED, DEV_FAILED),
    ("never sets a response", [], SERVE_FAILED, DEV_FAILED),
    ("drops the outparam", ["drop_outparam"], SERVE_FAILED, DEV_FAILED),
    ("sets an error", [{"set_error": "no"}], SERVE_FAILED, DEV_FAILED),
    ("takes no body", [{"response": {"status": 202}}, "set"], whole(b"", 202), whole(b"", 202)),
    ("finishes an empty body", [{"respond": {"status": 202}}, "finish"], whole(b"", 202), whole(b"", 202)),
    ("finishes and works on", [*HELLO, "finish", {"spin_ms": 20}], whole(b"hello"), whole(b"hello")),
    ("finishes and traps", [*HELLO, "finish", "trap"], whole(b"hello"), whole(b"hello")),
    ("finishes and exits", [*HELLO, "finish", {"exit": 1}], whole(b"hello"), whole(b"hello")),
    ("finishes with trailers", [*HELLO, {"finish_with": [["x-t", "1"]]}], whole(b"hello"), whole(b"hello")),
    ("writes before the response", [{"response": {}}, "body", "stream", {"write": "hello"}, "set", "finish"],
     whole(b"hello"), whole(b"hello")),
    ("an interim status", [{"respond": {"status": 103}}, "finish"], SERVE_FAILED, DEV_FAILED),
    ("a status beyond 599", [{"respond": {"status": 600}}, "finish"], whole(b"", 600), DEV_FAILED),
    ("a head beyond the limit of Lambda", [{"respond": {"headers": [["x-large", "x" * 17_000]]}}, "finish"],
     whole(b""), DEV_FAILED),
    ("a header with a control character", [{"respond": {"headers": [["x-a", "\u0080"]]}}, "finish"],
     whole(b""), DEV_FAILED),
]

# The same for WASI 0.3, whose component does what the path says.
SERVICE = [
    ("traps", "/trap", whole(b"hello"), cut(b"hello")),
    ("exits with 0", "/exit?0", whole(b"hello"), cut(b"hello")),
    ("exits with 1", "/exit?1", whole(b"hello"), cut(b"hello")),
    ("trailers are an error", "/trailers-error", Seen(200, b"hello", LOST), cut(b"hello")),
    ("writes less than promised", "/length?10,5", Seen(200, b".....", LOST), cut(b".....")),
    ("writes more than promised", "/length?3,5", Seen(200, b".....", LOST), cut(b"")),
    ("traps before the response", "/trap-first", SERVE_FAILED, DEV_FAILED),
    ("exits before the response", "/exit-first?0", SERVE_FAILED, DEV_FAILED),
    ("returns an error", "/error", SERVE_FAILED, DEV_FAILED),
    ("no contents", "/none", whole(b""), whole(b"")),
    ("ends and works on", "/works-on", whole(b"hello"), whole(b"hello")),
    ("ends and traps", "/traps-late", whole(b"hello"), whole(b"hello")),
    ("has trailers", "/trailers", whole(b"hello"), whole(b"hello")),
    ("an interim status", "/status?103", SERVE_FAILED, DEV_FAILED),
    ("a status beyond 599, which its host refuses", "/status?600", whole(b"refused"), whole(b"refused")),
    ("a head beyond the limit of Lambda", "/head?17000", whole(b""), DEV_FAILED),
]
