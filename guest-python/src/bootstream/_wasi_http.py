"""HTTP requests through `wasi:http`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler, streams
from wit_world.imports import wasi_http_types as types

from .http import IncomingResponse, OutgoingRequest, RequestDenied, RequestError, RequestTimeout

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

_TIMEOUTS = {
    "dns-timeout",
    "connection-timeout",
    "connection-read-timeout",
    "connection-write-timeout",
    "http-response-timeout",
}


def send(request: OutgoingRequest) -> IncomingResponse:
    """Sends a request, and returns its response as soon as the head is there."""
    outgoing = _outgoing(request)
    body = outgoing.body() if request.body is not None else None
    try:
        future = outgoing_handler.handle(outgoing, _options(request.timeout))
    except Err as error:
        raise _error(error.value, request) from None
    if body is not None:
        _send_body(body, request)
    response = _wait(future, request)
    return IncomingResponse(
        response.status(), _entries(response.headers()), _chunks(response, request), request.line
    )


def _outgoing(request: OutgoingRequest) -> types.OutgoingRequest:
    entries = [(name, value.encode()) for name, value in request.headers]
    try:
        outgoing = types.OutgoingRequest(types.Fields.from_list(entries))
    except Err as error:
        reason = _kebab(error.value)
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


def _send_body(body: types.OutgoingBody, request: OutgoingRequest) -> None:
    """Sends the body. If that fails, the response says why."""
    assert request.body is not None
    with body.write() as stream:
        try:
            for chunk in request.body:
                _write(stream, chunk)
            stream.flush()
            _drain(stream)
        except Err:
            return
    try:
        types.OutgoingBody.finish(body, None)
    except Err as error:
        # The response, which may be an error as well, is the better source.
        if _kebab(error.value) == "http-request-body-size":
            raise _error(error.value, request) from None


def _write(stream: streams.OutputStream, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        room = stream.check_write()
        if not room:
            with stream.subscribe() as ready:
                ready.block()
            continue
        stream.write(bytes(rest[:room]))
        rest = rest[room:]


def _drain(stream: streams.OutputStream) -> None:
    while not stream.check_write():
        with stream.subscribe() as ready:
            ready.block()


def _wait(future: types.FutureIncomingResponse, request: OutgoingRequest) -> types.IncomingResponse:
    while (result := future.get()) is None:
        with future.subscribe() as ready:
            ready.block()
    if not isinstance(result, Ok):
        raise RequestError("internal-error", f"{request.line}: the response was taken before")
    if not isinstance(result.value, Ok):
        raise _error(result.value.value, request)
    return result.value.value


def _entries(fields: types.Fields) -> Iterable[tuple[str, str]]:
    with fields:
        # The bytes of a header that is not ASCII have no known encoding.
        return [(name, value.decode("latin-1")) for name, value in fields.entries()]


def _chunks(response: types.IncomingResponse, request: OutgoingRequest) -> Iterator[bytes]:
    """Yields the body. Its resources are released in this order, the stream first."""
    with response, response.consume() as body, body.stream() as stream:
        while True:
            try:
                chunk = stream.read(_READ_BYTES)
            except Err as error:
                if isinstance(error.value, streams.StreamError_Closed):
                    return
                raise _broken(error.value.value, request) from None
            if chunk:
                yield chunk
            else:
                with stream.subscribe() as ready:
                    ready.block()


def _broken(error: Any, request: OutgoingRequest) -> RequestError:
    with error:
        code = types.http_error_code(error)
        name = _kebab(code) if code is not None else "internal-error"
        text = name if code is not None else error.to_debug_string()
    if name == "connection-read-timeout":
        text = "the response paused for longer than `timeout` or `outbound.idle-ms`"
    else:
        text = f"the response broke off: {text}"
    return _kind(name)(name, f"{request.line}: {text}")


def _error(code: Any, request: OutgoingRequest) -> RequestError:
    name = _kebab(code)
    return _kind(name)(name, f"{request.line}: {_advice(name, code, request.origin)}")


def _kind(name: str) -> type[RequestError]:
    if name in ("http-request-denied", "destination-ip-prohibited"):
        return RequestDenied
    return RequestTimeout if name in _TIMEOUTS else RequestError


def _advice(name: str, code: Any, origin: str) -> str:
    """Returns what happened, with the setting that changes it."""
    if name == "http-request-denied":
        return f"the host does not allow requests to `{origin}`: add it to `outbound.allow`"
    if name == "destination-ip-prohibited":
        return f"the address of `{origin}` is not public: add it to `outbound.private-addresses`"
    if name == "connection-limit-reached":
        return (
            "too many requests are open: read responses to their end or close them, or raise "
            "`outbound.requests`"
        )
    if name == "connection-timeout":
        return f"there was no connection to `{origin}` within `timeout` and `outbound.connect-ms`"
    if name in ("connection-read-timeout", "http-response-timeout"):
        return "there was no response within `timeout` and `outbound.first-byte-ms`"
    if name == "tls-certificate-error":
        return f"the certificate of `{origin}` is not trusted: add its authority with `outbound.ca-file`"
    detail = getattr(code, "value", None)
    return f"{name}: {detail}" if isinstance(detail, str) else f"{name} (`{origin}`)"


def _kebab(case: Any) -> str:
    """Returns the name in WIT of a case, such as `http-request-denied`."""
    name = type(case).__name__.rpartition("_")[2]
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
