"""The host's side of the contract, as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

Level = Literal["trace", "debug", "info", "warn", "error"]

Field = str | bool | int | float
"""The value of a field. An integer is one of 64 bits."""


class Log(Protocol):
    """Logs one record, as one line of the function's log."""

    def __call__(
        self,
        level: Level,
        message: str,
        target: str | None = None,
        fields: Sequence[tuple[str, Field]] = (),
    ) -> None: ...


class Host(Protocol):
    """The calls on the response. Each raises a `StreamError` if the host refuses it."""

    def write_headers(
        self, status: int, headers: list[tuple[str, str]], cookies: list[str]
    ) -> None: ...

    def start_document(self) -> None: ...

    def start_raw(self, content_type: str) -> None: ...

    def write(self, chunk: bytes) -> None: ...

    def finish(self) -> None: ...
