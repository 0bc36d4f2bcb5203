"""HTTP/1.1 on a kept connection, as bytes: an HTTP library would hide how a body ends."""

import socket
from dataclasses import dataclass, field

PATIENCE = 30


@dataclass
class Response:
    """What came back. `end` is `complete`, or `cut` if the connection closed before the end of the body."""

    status: int = 0
    headers: list = field(default_factory=list)
    body: bytes = b""
    end: str = "none"

    def values(self, name):
        return [value for key, value in self.headers if key == name]


class Connection:
    """Sends requests one after another, and connects again only where the server has closed."""

    def __init__(self, port):
        self.port = port
        self.made = 0
        self.socket = None

    def exchange(self, request, method):
        """Sends the bytes of a request, and reads the response to it."""
        reused = self.socket is not None
        response = self.attempt(request, method)
        # A server may close a connection after a request whose body it has not read.
        if reused and response.end == "none":
            response = self.attempt(request, method)
        return response

    def attempt(self, request, method):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.file = self.socket.makefile("rb", buffering=256 * 1024)
            self.made += 1
        try:
            self.socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The response may be there all the same.
        response = self.read(method)
        closes = b"close" in [value.lower() for value in response.values("connection")]
        if response.end != "complete" or closes:
            self.file.close()
            self.socket.close()
            self.socket = None
        return response

    def read(self, method):
        response = Response()
        try:
            self.head(response)
            response.end = "cut"
            self.body(response, method)
            response.end = "complete"
        except (EOFError, ConnectionResetError):
            pass
        return response

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        return line[:-2]

    def exactly(self, size):
        data = self.file.read(size)
        return data, len(data) == size

    def head(self, response):
        response.status = int(self.line().split(b" ")[1])
        while line := self.line():
            name, _, value = line.partition(b":")
            response.headers.append((name.decode("ascii").lower(), value.strip(b" \t")))

    def body(self, response, method):
        if method == "HEAD" or response.status in (204, 304):
            return
        if response.values("transfer-encoding") != [b"chunked"]:
            lengths = response.values("content-length")
            response.body, whole = self.exactly(int(lengths[0]) if lengths else 0)
            if not whole:
                raise EOFError
            return
        while size := int(self.line(), 16):
            data, whole = self.exactly(size)
            response.body += data
            if not whole or self.line():
                raise EOFError
        while self.line():
            pass
