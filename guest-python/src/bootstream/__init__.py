"""Handlers for Bootstream: responses of AWS Lambda, streamed while they are made.

A handler is a function with the decorator `handler`. What it yields is written to the caller at once::

    from bootstream import Head, handler

    @handler
    def hello(event, context):
        yield Head(200, {"content-type": "text/plain"})
        yield "Hello, "
        yield "world!\n"
"""

from ._context import Context
from ._errors import (
    AlreadyFinished,
    AlreadyStarted,
    Closed,
    HeadTooLarge,
    InvalidHeader,
    InvalidStatus,
    Refused,
    Rejection,
    StreamError,
)
from ._formats import csv_lines, json_chunks, ndjson_lines
from ._handler import Handler, handler
from ._request import Request
from ._response import (
    Document,
    Head,
    RawStream,
    Response,
    csv_response,
    event_stream,
    json_response,
    ndjson_response,
)
from ._sse import Event, sse_messages
from ._stream import Stream

__all__ = [
    "AlreadyFinished",
    "AlreadyStarted",
    "Closed",
    "Context",
    "Document",
    "Event",
    "Handler",
    "Head",
    "HeadTooLarge",
    "InvalidHeader",
    "InvalidStatus",
    "RawStream",
    "Refused",
    "Rejection",
    "Request",
    "Response",
    "Stream",
    "StreamError",
    "csv_lines",
    "csv_response",
    "event_stream",
    "handler",
    "json_chunks",
    "json_response",
    "ndjson_lines",
    "ndjson_response",
    "sse_messages",
]
