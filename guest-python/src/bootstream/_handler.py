"""Handlers, and how what they return becomes a response."""

from __future__ import annotations

import functools
import inspect
import json
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, overload

from ._context import Context
from ._errors import Rejection, StreamError
from ._formats import json_chunks
from ._response import Document, Head, RawStream, Response
from ._stream import Stream

_MOST_ARGUMENTS = 3

_log = logging.getLogger("bootstream")


class Handler:
    """A function that handles events. The decorator `handler` makes them; they stay callable."""

    def __init__(self, function: Callable[..., Any], raw: bool) -> None:
        self._function = function
        self._raw = raw
        self._arguments = _count_arguments(function)
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself."""
        return self._function(*args, **kwargs)

    def run(self, event: bytes, context: Context, stream: Stream) -> None:
        """Handles one invocation. A `Rejection` becomes a response; other exceptions pass through."""
        arguments = (event if self._raw else _parse(event), context, stream)
        try:
            _send(self._function(*arguments[: self._arguments]), stream)
        except Rejection as rejection:
            if stream.started:
                raise
            _reject(rejection, stream)


@overload
def handler(function: Callable[..., Any]) -> Handler: ...


@overload
def handler(*, raw: bool = False) -> Callable[[Callable[..., Any]], Handler]: ...


def handler(
    function: Callable[..., Any] | None = None, *, raw: bool = False
) -> Handler | Callable[[Callable[..., Any]], Handler]:
    """Makes a function the handler of its module.

    The function takes the event, parsed as JSON or, with `raw=True`, as bytes; then, if it wants them,
    a `Context` and a `Stream`. What it returns is the response:

    - a generator or another iterator: each item is sent at once. Items are text, bytes, and at most one
      `Head`, as the first. A refused item raises a `StreamError` at the `yield`.
    - a `Response`, text or bytes: an HTTP response.
    - a dictionary, a list or a `Document`: a JSON document for callers of `Invoke`.
    - a `RawStream`: a stream without a head.
    - `None`: nothing more than was written to the stream.

    The response ends with the function, cleanly if it returns, as a failure if it raises.
    """
    if function is not None:
        return Handler(function, raw)
    return lambda function: Handler(function, raw)


def _count_arguments(function: Callable[..., Any]) -> int:
    parameters = inspect.signature(function).parameters.values()
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"the handler `{function.__name__}` is `async`: make it a plain function")
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return _MOST_ARGUMENTS
    positional = [
        one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    required = [one for one in positional if one.default is one.empty]
    if not positional or len(required) > _MOST_ARGUMENTS:
        raise TypeError(
            f"the handler `{function.__name__}` takes {len(required)} arguments: it gets the event, "
            "and may take a context and a stream"
        )
    return min(len(positional), _MOST_ARGUMENTS)


def _parse(event: bytes) -> Any:
    try:
        return json.loads(event)
    except ValueError as error:
        raise ValueError(f"the event is not JSON: {error}; use `@handler(raw=True)`") from error


def _reject(rejection: Rejection, stream: Stream) -> None:
    _log.warning("rejected with status %d: %s", rejection.status, rejection.message)
    stream.start(Head(rejection.status, {"content-type": "application/json"}))
    stream.write(json.dumps({"message": rejection.message}, ensure_ascii=False))
    stream.finish()


def _send(result: Any, stream: Stream) -> None:
    if result is None:
        return
    if isinstance(result, (dict, list)):
        result = Document(result)
    if isinstance(result, Response):
        stream.start(result.head())
        _send_body(result.body, stream)
    elif isinstance(result, Document):
        stream.start_document()
        _send_body(json_chunks(result.value), stream)
    elif isinstance(result, RawStream):
        stream.start_raw(result.content_type)
        _send_body(result.body, stream)
    elif isinstance(result, Head):
        stream.start(result)
    else:
        _send_body(result, stream)


def _send_body(body: Any, stream: Stream) -> None:
    if isinstance(body, (str, bytes, bytearray, memoryview)):
        stream.write(body)
    elif isinstance(body, Generator):
        _send_generator(body, stream)
    elif isinstance(body, (Iterator, Iterable)) and not isinstance(body, dict):
        for item in body:
            _send_item(item, stream)
    else:
        raise TypeError(
            f"the handler returned {_kind(body)}: return a generator, text, bytes, a dictionary, a list, "
            "or a Response"
        )


def _send_generator(body: Generator[Any, None, Any], stream: Stream) -> None:
    refusal: StreamError | None = None
    try:
        while True:
            item = next(body) if refusal is None else body.throw(refusal)
            try:
                refusal = None
                _send_item(item, stream)
            except StreamError as error:
                refusal = error
    except StopIteration:
        return
    finally:
        body.close()


def _send_item(item: Any, stream: Stream) -> None:
    if isinstance(item, (str, bytes, bytearray, memoryview)):
        stream.write(item)
    elif isinstance(item, Head):
        stream.start(item)
    elif item is not None:
        raise TypeError(
            f"the handler yielded {_kind(item)}: yield text, bytes or a Head, and use json_chunks or "
            "ndjson_lines for other values"
        )


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
