"""HTTP requests through `wasi:http`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from urllib.parse import quote, urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler, streams
from wit_world.imports import wasi_http_types as types

from ._upload import Upload
from ._wasi_errors import broken, kebab, no_response
from .http import IncomingResponse, OutgoingRequest, RequestError

_READ_BYTES = 64 * 1024
_NANOSECONDS = 1_000_000_000

_METHODS: dict[str, Callable[[], types.Method]] = {
    "GET": types.Method_Get,
    "HEAD": types.Method_Head,
    "POST": types.Method_Post,
    "PUT": types.Method_Put,
    "DELETE": types.Method_Delete,
    "CONNECT": types.Method_Connect,
    "OPTIONS": types.Method_Options,
    "TRACE": types.Method_Trace,
    "PATCH": types.Method_Patch,
}


def send(request: OutgoingRequest) -> IncomingResponse:
    """Sends a request, and returns its response as soon as the head is there.

    What is left of the body then is sent while the response is read.
    """
    outgoing = _outgoing(request)
    body = outgoing.body() if request.body is not None else None
    try:
        future = outgoing_handler.handle(outgoing, _options(request.timeout))
    except Err as error:
        raise no_response(error.value, request) from None
    upload = Upload(body, request)
    try:
        response = _wait(future, upload, request)
    except BaseException:
        upload.close()
        raise
    chunks = _chunks(response, upload, request)
    return IncomingResponse(response.status(), _entries(response.headers()), chunks, request.line)


def _outgoing(request: OutgoingRequest) -> types.OutgoingRequest:
    entries = [(name, value.encode()) for name, value in request.headers]
    try:
        outgoing = types.OutgoingRequest(types.Fields.from_list(entries))
    except Err as error:
        reason = kebab(error.value)
        raise ValueError(f"{request.line}: a header is refused: {reason}") from None
    parts = urlsplit(request.url)
    method = _METHODS.get(request.method)
    secure = parts.scheme == "https"
    try:
        outgoing.set_method(method() if method else types.Method_Other(request.method))
        outgoing.set_scheme(types.Scheme_Https() if secure else types.Scheme_Http())
        outgoing.set_authority(parts.netloc.rpartition("@")[2])
        outgoing.set_path_with_query(_target(parts.path, parts.query))
    except Err:
        raise ValueError(f"{request.line}: the method or the URL is not valid") from None
    return outgoing


def _target(path: str, query: str) -> str:
    kept = "/%:@!$&'()*+,;=~-._?"
    target = quote(path or "/", safe=kept)
    return f"{target}?{quote(query, safe=kept)}" if query else target


def _options(timeout: float | None) -> types.RequestOptions | None:
    if timeout is None:
        return None
    options = types.RequestOptions()
    duration = max(1, int(timeout * _NANOSECONDS))
    for set_timeout in (
        options.set_connect_timeout,
        options.set_first_byte_timeout,
        options.set_between_bytes_timeout,
    ):
        try:
            set_timeout(duration)
        except Err:
            # The host lacks this one. Its own limit holds.
            continue
    return options


def _wait(
    future: types.FutureIncomingResponse, upload: Upload, request: OutgoingRequest
) -> types.IncomingResponse:
    """Waits for the response, and sends the body meanwhile."""
    with future, future.subscribe() as arrived:
        while (result := future.get()) is None:
            upload.advance(arrived)
    if not isinstance(result, Ok):
        raise RequestError("internal-error", f"{request.line}: the response was taken before")
    if not isinstance(result.value, Ok):
        raise no_response(result.value.value, request)
    return result.value.value


def _entries(fields: types.Fields) -> Iterable[tuple[str, str]]:
    with fields:
        # The bytes of a header that is not ASCII have no known encoding.
        return [(name, value.decode("latin-1")) for name, value in fields.entries()]


def _chunks(
    response: types.IncomingResponse, upload: Upload, request: OutgoingRequest
) -> Iterator[bytes]:
    """Yields the body. At its end, nobody reads the rest of the request."""
    # The resources are released in this order, the last one first.
    with closing(upload), response, response.consume() as body, body.stream() as stream:
        while True:
            try:
                chunk = stream.read(_READ_BYTES)
            except Err as error:
                if isinstance(error.value, streams.StreamError_Closed):
                    return
                raise broken(error.value.value, request) from None
            if chunk:
                yield chunk
            else:
                with stream.subscribe() as ready:
                    upload.advance(ready)
