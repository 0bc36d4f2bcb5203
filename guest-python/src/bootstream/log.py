"""Records of `logging` in the function's log.

The handler is installed on the root logger when the component is made, so `logging` works as it is::

    log = logging.getLogger(__name__)
    log.info("order sold", extra={"order": 7, "country": "NZ"})

As the root logger has a handler, `logging.basicConfig` does nothing: set a level with
`logging.getLogger().setLevel`.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._host import Level, Log

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
    """Sends records to the host, with their level, fields and traceback, as one line of the log each."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a record. A record that cannot be formatted is one about the mistake."""
        try:
            self._log(_level(record.levelno), self.format(record))
        except Exception:
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        """Returns the text: the message, then the fields as `name=value`, then the traceback."""
        text = super().format(record)
        first, line_end, rest = text.partition("\n")
        own = record.getMessage()
        if own != text and text.startswith(own):
            first, line_end, rest = own, "", text[len(own) :]
        fields = "".join(f" {name}={_text(value)}" for name, value in _fields(record).items())
        return f"{first}{fields}{line_end}{rest}"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _text(value: Any) -> str:
    if isinstance(value, str) and value and not any(c.isspace() or c in '"=' for c in value):
        return value
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
