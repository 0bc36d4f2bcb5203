"""Bodies in JSON and CSV, made piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

_BLOCK_CHARS = 32 * 1024


def _blocks(pieces: Iterable[str], block: int) -> Iterator[str]:
    """Joins pieces until they are long enough. The first goes alone, so that the caller sees it early."""
    gathered: list[str] = []
    length, wanted = 0, 0
    for piece in pieces:
        gathered.append(piece)
        length += len(piece)
        if length > wanted:
            yield "".join(gathered)
            gathered.clear()
            length, wanted = 0, block
    if gathered:
        yield "".join(gathered)


def csv_lines(
    rows: Iterable[Iterable[Any]],
    header: Sequence[str] | None = None,
    *,
    block: int = _BLOCK_CHARS,
    **dialect: Any,
) -> Iterator[str]:
    """Yields a table as CSV, in constant memory.

    `header` is the first line. Lines are gathered into blocks of `block` characters; with 0, each is
    yielded by itself. `dialect` has options of `csv.writer`, such as `delimiter=";"`.
    """

    buffer = io.StringIO()
    writer = csv.writer(buffer, **dialect)
    if header is not None:
        writer.writerow(header)
    # The first row goes alone, so that the caller sees it early.
    wanted = 0
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > wanted:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
            wanted = block
    if rest := buffer.getvalue():
        yield rest


def ndjson_lines(
    items: Iterable[Any], *, default: Callable[[Any], Any] | None = None
) -> Iterator[str]:
    """Yields each item as a JSON document on a line of its own.

    `default` returns a value that JSON has for one that it lacks, as for `json.dumps`.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=default)
    return (encoder.encode(item) + "\n" for item in items)


def json_chunks(
    value: Any, *, default: Callable[[Any], Any] | None = None, block: int = _BLOCK_CHARS
) -> Iterator[str]:
    """Yields a JSON document piece by piece, in constant memory.

    Iterators and generators anywhere in the value are arrays. Pieces are gathered into blocks of
    `block` characters; with 0, none are.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=default)
    return _blocks(_json(value, encoder.encode), block)


def _has_iterator(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_iterator(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_iterator(item) for item in value)
    return isinstance(value, Iterator)


def _json(value: Any, encode: Callable[[Any], str]) -> Iterator[str]:
    if not _has_iterator(value):
        yield encode(value)
    elif isinstance(value, Mapping):
        yield "{"
        for number, (key, item) in enumerate(value.items()):
            # An object of one entry encodes keys as `json.dumps` does, numbers included.
            name = encode({key: 0})[1:-2]
            yield f",{name}" if number else name
            yield from _json(item, encode)
        yield "}"
    else:
        yield "["
        for number, item in enumerate(value):
            if number:
                yield ","
            yield from _json(item, encode)
        yield "]"
