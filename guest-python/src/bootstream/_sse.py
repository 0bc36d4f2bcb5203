"""Server-sent events, written and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass
class Event:
    """A server-sent event."""

    data: str = ""
    """Its text, of one line or several."""
    event: str | None = None
    """Its type. Browsers take an event without one as `message`."""
    id: str | None = None
    """Its id, which a browser sends as `last-event-id` when it connects again."""
    retry_ms: int | None = None
    """How long a browser waits before it connects again, in milliseconds."""

    @classmethod
    def json(cls, value: Any, event: str | None = None, id: str | None = None) -> Event:
        """Returns an event with the value as JSON."""
        return cls(json.dumps(value, ensure_ascii=False, separators=(",", ":")), event, id)

    def encode(self) -> str:
        """Returns the event as it is sent.

        Raises `ValueError` if the type or the id has a line break.
        """
        lines: list[str] = []
        for name, value in (("event", self.event), ("id", self.id)):
            if value is None:
                continue
            if any(c in value for c in "\r\n\0"):
                raise ValueError(f"the {name} {value!r} of a server-sent event has a line break")
            lines.append(f"{name}: {value}")
        if self.retry_ms is not None:
            lines.append(f"retry: {self.retry_ms}")
        text = self.data.replace("\r\n", "\n").replace("\r", "\n")
        lines.extend(f"data: {line}" for line in text.split("\n"))
        return "\n".join(lines) + "\n\n"


def sse_messages(events: Iterable[Event | str]) -> Iterator[str]:
    """Yields each event as it is sent. A string is an event with this data."""
    return ((Event(one) if isinstance(one, str) else one).encode() for one in events)


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yields the events of a stream, given its lines without their ends."""
    data: list[str] = []
    kind: str | None = None
    last_id: str | None = None
    for number, line in enumerate(lines):
        if number == 0:
            line = line.removeprefix("\ufeff")
        if not line:
            if data:
                yield Event("\n".join(data), kind, last_id)
            data, kind = [], None
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value or None
        elif name == "id" and "\0" not in value:
            last_id = value
