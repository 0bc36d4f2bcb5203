"""Records of `logging` in the function's log.

The handler is installed on the root logger when the component is made, so `logging` works as it is::

    log = logging.getLogger(__name__)
    log.info("order sold", extra={"order": 7, "country": "NZ"})

In a log of JSON, `order` and `country` are members of the record; in text, they follow the message. Values other than
text, numbers and truth values are logged as JSON.

As the root logger has a handler, `logging.basicConfig` does nothing: set a level with
`logging.getLogger().setLevel`.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._host import Field, Level, Log

TRACE = 5
"""The level below `logging.DEBUG`."""

_LEVELS: dict[str, int] = {
    "TRACE": TRACE,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.ERROR,
}

# The attributes of every record. What `extra` adds are the fields.
_OWN = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


# The root's level until the first invocation. It lets through what `logging.WARNING` does, Python's own level, which a
# program may set as well.
_NOT_SET = logging.WARNING - 1


class LogHandler(logging.Handler):
    """Sends records to the host, with their level, logger, fields and traceback, as one line of the log each."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a record. A record that cannot be formatted is one about the mistake."""
        try:
            text, fields = self.format(record), _fields(record)
            self._log(_level(record.levelno), text, record.name, fields)
        except Exception:
            self.handleError(record)


def _fields(record: logging.LogRecord) -> list[tuple[str, Field]]:
    return [(name, _field(value)) for name, value in vars(record).items() if name not in _OWN]


def _field(value: Any) -> Field:
    if isinstance(value, (str, bool, float)):
        return value
    # An integer that fits no field is text, which keeps its digits.
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    if number >= logging.INFO:
        return "info"
    return "debug" if number >= logging.DEBUG else "trace"


def install(log: Log) -> None:
    """Sends the records of all loggers to the host. Handlers that the program has set stay."""
    logging.addLevelName(TRACE, "TRACE")
    root = logging.getLogger()
    if not any(isinstance(one, LogHandler) for one in root.handlers):
        root.addHandler(LogHandler(log))
    if root.level == logging.WARNING:
        root.setLevel(_NOT_SET)


def set_level() -> None:
    """Takes the function's log level, unless the program has set one. The host filters as well."""
    root = logging.getLogger()
    if root.level == _NOT_SET:
        root.setLevel(_LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper(), logging.INFO))
