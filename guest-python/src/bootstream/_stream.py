"""The response as a file to write to."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ._errors import AlreadyStarted

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._host import Host
    from ._response import Head

# A call of the host copies its argument, so large chunks go in pieces.
_PIECE_BYTES = 256 * 1024


class Stream(io.RawIOBase):
    """The response to the current invocation.

    A file of bytes that also takes text, for what writes to files: `csv.writer`, `zipfile.ZipFile`,
    `gzip.GzipFile`, `shutil.copyfileobj`. Each `write` is sent to the caller without delay, and blocks
    while the caller reads more slowly than the handler writes.

    Every method raises a `StreamError` if the host refuses the call.
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._started = False

    @property
    def started(self) -> bool:
        """Whether the response has a head, its first byte or its end."""
        return self._started

    def start(self, head: Head) -> None:
        """Starts an HTTP response. Its head leaves before the first `write`."""
        self._host.write_headers(head.status, head.header_pairs(), list(head.cookies))
        self._started = True

    def start_document(self) -> None:
        """Starts a document: what is written until `finish` is the payload of `Invoke`, at most 6 MB."""
        self._host.start_document()
        self._started = True

    def start_raw(self, content_type: str) -> None:
        """Starts a stream without a head, for callers of `InvokeWithResponseStream`."""
        self._host.start_raw(content_type)
        self._started = True

    def write(self, data: str | Buffer) -> int:
        """Sends a part of the body, and returns its size in bytes. Text is sent as UTF-8.

        Without an earlier start, the response starts with status 200 and no headers.
        """
        chunk = data.encode() if isinstance(data, str) else bytes(data)
        if len(chunk) <= _PIECE_BYTES:
            self._host.write(chunk)
        else:
            pieces = memoryview(chunk)
            for start in range(0, len(chunk), _PIECE_BYTES):
                self._host.write(bytes(pieces[start : start + _PIECE_BYTES]))
        self._started = True
        return len(chunk)

    def finish(self) -> None:
        """Ends the response. The handler may go on working: the next invocation waits for it."""
        self._host.finish()
        self._started = True

    def writable(self) -> bool:
        """Returns true: this is a file to write to."""
        return True

    def _require_unstarted(self) -> None:
        if self._started:
            raise AlreadyStarted
