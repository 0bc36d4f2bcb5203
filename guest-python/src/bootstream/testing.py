"""Tests of handlers, in any Python, without a component::

    from bootstream.testing import invoke
    from app import hello

    def test_hello():
        response = invoke(hello, {"rawPath": "/"})
        assert response.status == 200
        assert response.text == "Hello, world!\\n"
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from . import http
from ._context import Context
from ._errors import AlreadyFinished, AlreadyStarted, Closed, InvalidStatus
from ._handler import Handler
from ._stream import Stream


@dataclass
class Recording:
    """A response as the caller would get it, and a host that records it."""

    status: int | None = None
    """The status, or `None` before the start, of a document and of a raw stream."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """The headers, in order."""
    cookies: list[str] = field(default_factory=list)
    """Values of `Set-Cookie` headers."""
    chunks: list[bytes] = field(default_factory=list)
    """The body, as it was written."""
    kind: str | None = None
    """`http`, `document` or `raw`; `None` before the start."""
    content_type: str | None = None
    """The media type of a raw stream."""
    finished: bool = False
    """Whether the response has ended cleanly."""
    error: BaseException | None = None
    """What the handler raised."""
    closes_after: int | None = None
    """The number of chunks after which the reader is gone."""

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)

    @property
    def text(self) -> str:
        """The whole body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Returns the whole body, parsed as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """Returns the first header of this name, in any case."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)

    def _start(self, kind: str) -> None:
        if self.finished:
            raise AlreadyFinished
        if self.kind is not None:
            raise AlreadyStarted
        self.kind = kind

    def write_headers(
        self, status: int, headers: list[tuple[str, str]], cookies: list[str]
    ) -> None:
        """Starts an HTTP stream."""
        if self.kind is None and not 100 <= status <= 599:
            raise InvalidStatus(status)
        self._start("http")
        self.status, self.headers, self.cookies = status, headers, cookies

    def start_document(self) -> None:
        """Starts a document."""
        self._start("document")

    def start_raw(self, content_type: str) -> None:
        """Starts a raw stream."""
        self._start("raw")
        self.content_type = content_type

    def write(self, chunk: bytes) -> None:
        """Records a chunk."""
        if self.finished:
            raise AlreadyFinished
        if self.closes_after is not None and len(self.chunks) >= self.closes_after:
            raise Closed
        if self.kind is None:
            self.write_headers(200, [], [])
        if chunk:
            self.chunks.append(chunk)

    def finish(self) -> None:
        """Ends the response."""
        if self.finished:
            raise AlreadyFinished
        if self.kind is None:
            self.write_headers(200, [], [])
        self.finished = True


def context(**fields: Any) -> Context:
    """Returns a context with a deadline in a minute, and these fields."""
    deadline = time.time_ns() // 1_000_000 + 60_000
    return Context(**{"request_id": "test", "deadline_ms": deadline, **fields})


def stream(recording: Recording | None = None) -> tuple[Stream, Recording]:
    """Returns a stream to pass to a function, and the recording of what is written to it."""
    recording = recording or Recording()
    return Stream(recording), recording


def invoke(
    handler: Handler, event: Any = None, *, closes_after: int | None = None, **fields: Any
) -> Recording:
    """Invokes a handler with an event, and returns its response.

    The event is bytes, or a value that is sent as JSON. `closes_after` is the number of chunks after
    which the reader is gone. `fields` are those of the context. What the handler raises is raised here
    if the response has not started, and otherwise in `error`.
    """
    raw = event if isinstance(event, bytes) else json.dumps({} if event is None else event).encode()
    writer, recording = stream(Recording(closes_after=closes_after))
    try:
        handler.run(raw, context(**fields), writer)
    except Exception as error:
        if recording.kind is None:
            raise
        recording.error = error
    else:
        if not recording.finished:
            recording.finish()
    return recording


def answer(
    body: bytes | str | Iterable[bytes] = b"", status: int = 200, **headers: str
) -> http.IncomingResponse:
    """Returns a response for `upstream`. An underscore in the name of a header is a hyphen."""
    data = body.encode() if isinstance(body, str) else body
    chunks = iter([data] if isinstance(data, bytes) else data)
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return http.IncomingResponse(status, pairs, chunks, "a request of a test")


@contextmanager
def upstream(
    respond: Callable[[http.OutgoingRequest], http.IncomingResponse],
) -> Iterator[list[http.OutgoingRequest]]:
    """Answers the requests of handlers with a function, and yields the list of those requests."""
    seen: list[http.OutgoingRequest] = []

    def send(request: http.OutgoingRequest) -> http.IncomingResponse:
        if request.body is not None:
            request.body = [b"".join(request.body)]
        seen.append(request)
        return respond(request)

    before = http.set_transport(send)
    try:
        yield seen
    finally:
        http.set_transport(before)
