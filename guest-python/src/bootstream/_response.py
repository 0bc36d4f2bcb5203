"""What a handler can return or yield, other than text and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from ._formats import csv_lines, json_chunks, ndjson_lines
from ._sse import Event, sse_messages

Headers = Union[Mapping[str, Union[str, Sequence[str]]], Iterable[tuple[str, str]]]
"""Header names and values: a mapping, whose values may be lists, or pairs."""

Chunk = Union[str, bytes, bytearray, memoryview]
"""A part of a body. Text is sent as UTF-8."""


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    if not isinstance(headers, Mapping):
        return [(name, value) for name, value in headers]
    pairs: list[tuple[str, str]] = []
    for name, value in headers.items():
        values = [value] if isinstance(value, str) else value
        pairs.extend((name, one) for one in values)
    return pairs


@dataclass
class Head:
    """The head of an HTTP response: everything before the first byte of the body."""

    status: int = 200
    """The HTTP status, 100 to 599."""
    headers: Headers = field(default_factory=dict)
    """The headers, in order. `set-cookie` may be here or in `cookies`."""
    cookies: Sequence[str] = ()
    """Values of `Set-Cookie` headers, one for each cookie."""

    def header_pairs(self) -> list[tuple[str, str]]:
        """Returns the headers as pairs of name and value."""
        return _pairs(self.headers)


@dataclass
class Response:
    """An HTTP response to return: a body with its head."""

    body: Chunk | Iterable[Chunk] = b""
    """The body, or its parts. Each part is sent as soon as the iterable has it."""
    status: int = 200
    """The HTTP status, 100 to 599."""
    headers: Headers = field(default_factory=dict)
    """The headers, in order."""
    cookies: Sequence[str] = ()
    """Values of `Set-Cookie` headers, one for each cookie."""

    def head(self) -> Head:
        """Returns the response without its body."""
        return Head(self.status, self.headers, self.cookies)


@dataclass
class Document:
    """A JSON document to return, for event sources, authorizers and other callers of `Invoke`.

    A dictionary or a list that a handler returns is a document as well.
    """

    value: Any
    """The value, which `json_chunks` encodes."""


@dataclass
class RawStream:
    """A stream without a head to return, for callers of `InvokeWithResponseStream`."""

    body: Chunk | Iterable[Chunk]
    """The body, or its parts."""
    content_type: str = "application/octet-stream"
    """Its media type."""


def _response(body: Iterable[Chunk], content_type: str, status: int, headers: Headers) -> Response:
    pairs = _pairs(headers)
    if not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.insert(0, ("content-type", content_type))
    return Response(body, status, pairs)


def json_response(value: Any, status: int = 200, headers: Headers = ()) -> Response:
    """Returns a response with a JSON document. Iterators in the value are arrays, sent as they go."""
    return _response(json_chunks(value), "application/json", status, headers)


def ndjson_response(items: Iterable[Any], status: int = 200, headers: Headers = ()) -> Response:
    """Returns a response with a JSON document on each line, sent line by line."""
    return _response(ndjson_lines(items), "application/x-ndjson", status, headers)


def csv_response(
    rows: Iterable[Iterable[Any]],
    header: Sequence[str] | None = None,
    status: int = 200,
    headers: Headers = (),
) -> Response:
    """Returns a response with a table as CSV. See `csv_lines`."""
    return _response(csv_lines(rows, header), "text/csv; charset=utf-8", status, headers)


def event_stream(
    events: Iterable[Event | str], status: int = 200, headers: Headers = ()
) -> Response:
    """Returns a response with server-sent events. A string is an event with this data."""
    pairs = [*_pairs(headers), ("cache-control", "no-cache")]
    return _response(sse_messages(events), "text/event-stream", status, pairs)
