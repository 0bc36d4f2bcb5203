"""HTTP requests of handlers, whose responses are read as they arrive::

    from bootstream import http

    with http.post("https://api.example.com/v1/chat", json={"stream": True}, timeout=10) as response:
        response.raise_for_status()
        for event in response.events():
            yield event.data

The host has to allow them: `[outbound]` in `bootstream.toml`. It also verifies certificates, inserts
secrets and signs requests to AWS. Redirects are not followed.
"""

from __future__ import annotations

import codecs
import json as _json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ._response import Chunk, Headers, _pairs
from ._sse import Event, read_events

# The most of an error's body that its exception shows, in characters.
_EXCERPT_CHARS = 2048


class RequestError(OSError):
    """There is no response, or not all of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """The error code of `wasi:http`, such as `connection-refused`."""


class RequestDenied(RequestError, PermissionError):
    """The host does not allow the request."""


class RequestTimeout(RequestError, TimeoutError):
    """The host waited too long: for a connection, for the response, or within it."""


class StatusError(OSError):
    """The response has a status other than 2xx. See `IncomingResponse.raise_for_status`."""

    def __init__(self, status: int, line: str, body: str) -> None:
        super().__init__(f"{line}: status {status}: {body}" if body else f"{line}: status {status}")
        self.status = status
        self.body = body
        """The beginning of the body."""


@dataclass
class OutgoingRequest:
    """A request to send."""

    method: str
    """The method, in upper case."""
    url: str
    """The absolute URL."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """The headers, in order."""
    body: Iterable[bytes] | None = None
    """The body, or its parts."""
    timeout: float | None = None
    """The longest wait for the connection, for the head and between two parts of the body, in seconds."""

    @property
    def line(self) -> str:
        """The method and the URL without credentials and query, for messages."""
        return f"{self.method} {self.origin}{urlsplit(self.url).path}"

    @property
    def origin(self) -> str:
        """The scheme, host and port, for messages."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class IncomingResponse:
    """A response, whose body is read once, as it arrives.

    Close it, or use it in a `with` statement: the host limits the number of open responses.
    """

    def __init__(
        self,
        status: int,
        headers: Iterable[tuple[str, str]],
        chunks: Iterator[bytes],
        line: str = "",
    ) -> None:
        self.status = status
        """The status."""
        self.header_pairs = list(headers)
        """The headers, in order."""
        self._chunks = chunks
        self._line = line

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status <= 299

    def header(self, name: str) -> str | None:
        """Returns the first header of this name, in any case."""
        name = name.lower()
        return next((value for key, value in self.header_pairs if key.lower() == name), None)

    def raise_for_status(self) -> None:
        """Raises a `StatusError` with the beginning of the body if the status is not 2xx."""
        if not self.ok:
            start = bytearray()
            for chunk in self._chunks:
                start += chunk
                if len(start) > _EXCERPT_CHARS:
                    break
            self.close()
            text = start.decode(errors="replace")[:_EXCERPT_CHARS].strip()
            raise StatusError(self.status, self._line, text)

    def chunks(self) -> Iterator[bytes]:
        """Yields the rest of the body, as it arrives."""
        yield from self._chunks

    def read(self) -> bytes:
        """Returns the rest of the body."""
        return b"".join(self._chunks)

    def text(self) -> str:
        """Returns the rest of the body as text."""
        return self.read().decode()

    def json(self) -> Any:
        """Returns the rest of the body, parsed as JSON."""
        return _json.loads(self.read())

    def lines(self) -> Iterator[str]:
        """Yields the lines of the body without their ends, as soon as each is complete."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rest = ""
        for chunk in self._chunks:
            rest += decoder.decode(chunk)
            # A line feed may follow the last carriage return.
            held = rest.endswith("\r")
            lines = (rest[:-1] if held else rest).replace("\r\n", "\n").replace("\r", "\n").split("\n")
            rest = lines.pop() + ("\r" if held else "")
            yield from lines
        rest += decoder.decode(b"", final=True)
        if rest:
            yield rest.removesuffix("\r")

    def events(self) -> Iterator[Event]:
        """Yields the server-sent events of the body."""
        return read_events(self.lines())

    def close(self) -> None:
        """Drops the rest of the body."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> IncomingResponse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Transport = Callable[[OutgoingRequest], IncomingResponse]


def _no_transport(request: OutgoingRequest) -> IncomingResponse:
    raise RequestError(
        "internal-error",
        f"{request.line}: there is no HTTP outside a component: use `bootstream.testing.upstream`",
    )


_transport: Transport = _no_transport


def set_transport(transport: Transport) -> Transport:
    """Sets what sends requests, and returns what did before."""
    global _transport
    before, _transport = _transport, transport
    return before


def request(
    method: str,
    url: str,
    *,
    headers: Headers = (),
    body: Chunk | Iterable[Chunk] | None = None,
    json: Any = None,
    timeout: float | None = None,
) -> IncomingResponse:
    """Sends a request, and returns its response as soon as the head is there.

    `body` is the body or its parts, `json` a value to send as JSON. `timeout` is the longest wait for
    the connection, for the head and between two parts of the body, in seconds; the host has limits of
    its own.

    Raises a `RequestError`, or `ValueError` for a URL that is not an absolute one of HTTP, or that has
    credentials.
    """
    _check(url)
    pairs = _pairs(headers)
    if json is not None:
        if body is not None:
            raise ValueError("a request has a `body` or a value as `json`, not both")
        body = _json.dumps(json, ensure_ascii=False, separators=(",", ":"))
        _add(pairs, "content-type", "application/json")
    whole: Iterable[bytes] | None = None
    if isinstance(body, (str, bytes, bytearray, memoryview)):
        data = _bytes(body)
        _add(pairs, "content-length", str(len(data)))
        whole = [data]
    elif body is not None:
        whole = map(_bytes, body)
    return _transport(OutgoingRequest(method.upper(), url, pairs, whole, timeout))


def get(url: str, **options: Any) -> IncomingResponse:
    """Sends a GET request. See `request`."""
    return request("GET", url, **options)


def post(url: str, **options: Any) -> IncomingResponse:
    """Sends a POST request. See `request`."""
    return request("POST", url, **options)


def put(url: str, **options: Any) -> IncomingResponse:
    """Sends a PUT request. See `request`."""
    return request("PUT", url, **options)


def patch(url: str, **options: Any) -> IncomingResponse:
    """Sends a PATCH request. See `request`."""
    return request("PATCH", url, **options)


def delete(url: str, **options: Any) -> IncomingResponse:
    """Sends a DELETE request. See `request`."""
    return request("DELETE", url, **options)


def _check(url: str) -> None:
    """Refuses an invalid URL of a request. The messages show neither credentials nor a query."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Its message may show the credentials.
        valid = False
    if valid and "@" not in parts.netloc:
        return
    if valid:
        raise ValueError(
            "the URL has credentials: send them as a header, `authorization`, of a secret in `secrets`"
        )
    # In an invalid URL, credentials may be anywhere before an `@`.
    shown = "the URL" if "@" in url else f"`{re.split('[?#]', url)[0]}`"
    raise ValueError(f"{shown} is not an absolute URL of HTTP")


def _add(pairs: list[tuple[str, str]], name: str, value: str) -> None:
    if not any(key.lower() == name for key, _ in pairs):
        pairs.append((name, value))


def _bytes(data: Chunk) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)
