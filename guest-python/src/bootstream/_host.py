"""The host's side of the contract, as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

Level = Literal["trace", "debug", "info", "warn", "error"]

Log = Callable[[Level, str], None]
"""Logs one record, as one line of the function's log."""


class Host(Protocol):
    """The calls on the response. Each raises a `StreamError` if the host refuses it."""

    def write_headers(
        self, status: int, headers: list[tuple[str, str]], cookies: list[str]
    ) -> None: ...

    def start_document(self) -> None: ...

    def start_raw(self, content_type: str) -> None: ...

    def write(self, chunk: bytes) -> None: ...

    def finish(self) -> None: ...
