"""A request, its bytes on the wire, and the parts that every generator varies."""

from dataclasses import dataclass

# A name below `localhost`: the local Lambda serves no others.
HOST = "judge.localhost"

NAMES = ["x-a", "X-A", "x-Mixed-Case", "x-!#$%&'*+.^_`|~", "accept", "authorization", "if-none-match", "range", "x-0",
         "x_under", "forwarded", "via", "referer", "origin-trial", "user-agent", "accept-language", "warning"]
TEXTS = ["1", "2", "", "a, b", "a;b=\"c, d\"", "one two  three", "tab\tin", "é", "世界", "x" * 2000, "=?", "\\", "%41", "'",
         "\u00a0x"]
COOKIES = ["a=1", "b=2", "c=\"x y\"", "d="]
BODY_SIZES = [0, 0, 1, 2, 100, 4095, 4096, 4097, 65_535, 65_536, 65_537, 200_000, 1_000_000]


@dataclass
class Request:
    method: str
    target: bytes
    headers: list
    body: bytes = b""
    chunked: bool = False

    def encode(self):
        """Returns the bytes on the wire."""
        lines = [b" ".join([self.method.encode(), self.target, b"HTTP/1.1"]), f"host: {HOST}".encode()]
        lines += [f"{name}: {value}".encode() for name, value in self.headers]
        body = self.body
        if self.chunked:
            lines.append(b"transfer-encoding: chunked")
            middle = len(body) // 3
            parts = [part for part in (body[:middle], body[middle:]) if part]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif body or self.method in ("POST", "PUT"):
            lines.append(f"content-length: {len(body)}".encode())
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


def some_headers(random):
    headers = [(name, random.choice(TEXTS)) for name in random.choices(NAMES, k=random.randint(0, 8))]
    for _ in range(random.choice([0, 0, 0, 1, 1, 2])):
        headers.append(("cookie", "; ".join(random.choices(COOKIES, k=random.randint(1, 3)))))
    return headers


def some_body(random, sizes):
    """Returns a content type and a body of it."""
    size = random.choice(sizes)
    if random.random() < 0.5:
        return "application/json; charset=utf-8", ("é{}" * (size // 4 + 1)).encode()[: size // 4 * 4]
    return "application/octet-stream", random.randbytes(size)
