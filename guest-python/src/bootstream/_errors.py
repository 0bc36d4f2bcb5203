"""What can go wrong with a response."""

from __future__ import annotations


class StreamError(Exception):
    """The host refused a call on the response. A refused call leaves the response unchanged."""

    name = "other"
    """The name of the error in the contract."""


class AlreadyStarted(StreamError):
    """A head, a document or a raw stream came after the response had started."""

    name = "already-started"

    def __init__(self) -> None:
        super().__init__("the response has already started")


class AlreadyFinished(StreamError):
    """The call came after the response was finished."""

    name = "already-finished"

    def __init__(self) -> None:
        super().__init__("the response has already finished")


class Closed(StreamError):
    """The reader of the response is gone. Every later call fails in the same way: return."""

    name = "closed"

    def __init__(self) -> None:
        super().__init__("the response is closed: its reader is gone")


class InvalidStatus(StreamError):
    """The status is outside 100 to 599."""

    name = "invalid-status"

    def __init__(self, status: int) -> None:
        super().__init__(f"the status `{status}` is outside 100 to 599")
        self.status = status


class InvalidHeader(StreamError):
    """A header or cookie is not valid HTTP."""

    name = "invalid-header"

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid header: {reason}")
        self.reason = reason


class HeadTooLarge(StreamError):
    """The encoded head is larger than Lambda's front ends accept."""

    name = "head-too-large"

    def __init__(self, actual_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"the response head takes {actual_bytes} bytes, the limit is {limit_bytes} bytes"
        )
        self.actual_bytes = actual_bytes
        self.limit_bytes = limit_bytes


class Refused(StreamError):
    """Any other reason: for example, a document larger than its reader accepts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rejection(Exception):
    """An error that is the caller's fault, not the handler's.

    If the response has not started, it gets this status, 400 to 499, and the text as a JSON document,
    `{"message": "..."}`. The invocation succeeds, and the log gets a warning. Raise one only for HTTP:
    a queue treats a successful invocation as a processed batch.

    Raises `ValueError` for any other status.
    """

    def __init__(self, status: int, message: str) -> None:
        if not 400 <= status <= 499:
            raise ValueError(f"a rejection has a status of 400 to 499, not {status}")
        super().__init__(message)
        self.status = status
        self.message = message
