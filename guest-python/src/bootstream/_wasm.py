"""The host, through the bindings of the component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from componentize_py_types import Err
from wit_world.imports import handler_types as types
from wit_world.imports import logging, response_stream

from . import _errors as errors
from ._context import Context
from ._host import Field, Level

_LEVELS = {
    "trace": logging.Level.TRACE,
    "debug": logging.Level.DEBUG,
    "info": logging.Level.INFO,
    "warn": logging.Level.WARN,
    "error": logging.Level.ERROR,
}


def _error(reason: Any) -> errors.StreamError:
    if isinstance(reason, types.StreamError_AlreadyStarted):
        return errors.AlreadyStarted()
    if isinstance(reason, types.StreamError_AlreadyFinished):
        return errors.AlreadyFinished()
    if isinstance(reason, types.StreamError_Closed):
        return errors.Closed()
    if isinstance(reason, types.StreamError_InvalidStatus):
        return errors.InvalidStatus(reason.value)
    if isinstance(reason, types.StreamError_InvalidHeader):
        return errors.InvalidHeader(reason.value)
    if isinstance(reason, types.StreamError_HeadTooLarge):
        return errors.HeadTooLarge(reason.value.actual_bytes, reason.value.limit_bytes)
    return errors.Refused(reason.value)


class WasmHost:
    """The response to the current invocation."""

    def write_headers(
        self, status: int, headers: list[tuple[str, str]], cookies: list[str]
    ) -> None:
        # The bindings would abort at a number that is not one of 16 bits, or at a value that is no text.
        if not 0 <= status <= 0xFFFF:
            raise errors.InvalidStatus(status)
        for value in [*(text for pair in headers for text in pair), *cookies]:
            if not isinstance(value, str):
                raise TypeError(f"{value!r} in the head is no text: names and values are strings")
            _check_unicode(value)
        try:
            response_stream.write_headers(types.ResponseHead(status, headers, cookies))
        except Err as error:
            raise _error(error.value) from None

    def start_document(self) -> None:
        try:
            response_stream.start_document()
        except Err as error:
            raise _error(error.value) from None

    def start_raw(self, content_type: str) -> None:
        _check_unicode(content_type)
        try:
            response_stream.start_raw(content_type)
        except Err as error:
            raise _error(error.value) from None

    def write(self, chunk: bytes) -> None:
        try:
            response_stream.write(chunk)
        except Err as error:
            raise _error(error.value) from None

    def finish(self) -> None:
        try:
            response_stream.finish()
        except Err as error:
            raise _error(error.value) from None


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise errors.InvalidHeader(f"{text!r} is not valid Unicode: {error.reason}") from None


def log(
    level: Level,
    message: str,
    target: str | None = None,
    fields: Sequence[tuple[str, Field]] = (),
) -> None:
    """Logs one record. Lone surrogates, which are not Unicode, are escaped."""
    logging.log_record(
        _LEVELS[level],
        _unicode(message),
        None if target is None else _unicode(target),
        [(_unicode(name), _field(value)) for name, value in fields],
    )


def _field(value: Field) -> logging.Field:
    if isinstance(value, bool):
        return logging.Field_Boolean(value)
    if isinstance(value, int):
        return logging.Field_Integer(value)
    if isinstance(value, float):
        return logging.Field_Number(value)
    return logging.Field_Text(_unicode(value))


def _unicode(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def context(record: types.Context) -> Context:
    """Returns the context of an invocation."""
    return Context(**vars(record))
