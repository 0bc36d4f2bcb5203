"""The body of a request on its way out, through `wasi:http`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from componentize_py_types import Err
from wit_world.imports import poll, streams
from wit_world.imports import wasi_http_types as types

from ._wasi_errors import kebab, no_response
from .http import OutgoingRequest


class Upload:
    """Sends a body part by part, so that its request can be answered or refused meanwhile.

    Closed before its end, it ends the request as incomplete.
    """

    def __init__(self, body: types.OutgoingBody | None, request: OutgoingRequest) -> None:
        self._request = request
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._rest = memoryview(b"")
        self._room: poll.Pollable | None = None
        # They are dropped before the body.
        self._children = ExitStack()
        if body is None or request.body is None:
            return
        self._stream = self._children.enter_context(body.write())
        if isinstance(request.body, list):
            self._rest = memoryview(b"".join(request.body))
        else:
            self._parts = iter(request.body)

    def advance(self, other: poll.Pollable) -> None:
        """Sends some of the body. Waits until the host takes it, or until `other` is ready.

        Raises what the iterator of the body raises, and a `RequestError` if the body does not have the
        size of its `content-length`.
        """
        if self._body is None:
            other.block()
        elif not self._send_some(self._body):
            poll.poll([other, self._when_there_is_room()])

    def close(self) -> None:
        """Drops the rest of the body."""
        body, self._body = self._body, None
        if body is not None:
            with body:
                self._children.close()

    def __del__(self) -> None:
        # Nobody closes what is dropped before the first part of the response is read.
        self.close()

    def _when_there_is_room(self) -> poll.Pollable:
        # A small body never waits.
        if self._room is None:
            self._room = self._children.enter_context(self._stream.subscribe())
        return self._room

    def _send_some(self, body: types.OutgoingBody) -> bool:
        """Returns whether the host took something, or the body has ended."""
        if not self._rest and self._parts is not None:
            part = next(self._parts, None)
            if part is None:
                self._parts = None
            else:
                self._rest = memoryview(part)
        try:
            if self._rest:
                room = self._stream.check_write()
                if not room:
                    return False
                self._stream.write(bytes(self._rest[:room]))
                self._rest = self._rest[room:]
            if not self._rest and self._parts is None:
                self._finish(body)
        except Err as error:
            self._refused(error.value)
        return True

    def _finish(self, body: types.OutgoingBody) -> None:
        self._children.close()
        self._body = None
        types.OutgoingBody.finish(body, None)

    def _refused(self, error: streams.StreamError | types.ErrorCode) -> None:
        """Ends a body that the host refuses.

        The response, or the reason that there is none, comes by itself, unless the size is the reason.
        """
        code: types.ErrorCode | None
        if isinstance(error, streams.StreamError_Closed):
            code = None
        elif isinstance(error, streams.StreamError_LastOperationFailed):
            with error.value:
                code = types.http_error_code(error.value)
        else:
            code = error
        self.close()
        if code is not None and kebab(code) == "http-request-body-size":
            raise no_response(code, self._request) from None
