"""Bodies in JSON, CSV and server-sent events."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bootstream import Event, csv_lines, json_chunks, ndjson_lines, sse_messages
from bootstream._sse import read_events


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, "é\n", [], {}, [1, [2]], {"a": {"b": [None]}, "c": "x"}, {1: "one", None: 2}],
)
def test_json_is_what_json_makes(value: Any) -> None:
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert "".join(json_chunks(value)) == expected


def test_iterators_in_json_are_arrays() -> None:
    value = {"a": iter([1, {"b": (n for n in "xy")}]), 3: iter([]), "last": [iter([0])]}

    text = "".join(json_chunks(value))

    assert json.loads(text) == {"a": [1, {"b": ["x", "y"]}], "3": [], "last": [[0]]}


def test_an_array_is_made_while_it_is_sent() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100_000):
            taken.append(number)
            yield number

    chunks = json_chunks(items())
    assert next(chunks) == "["
    assert taken == []
    next(chunks)
    assert 0 < len(taken) < 20_000


def test_csv_has_a_header_and_quotes_and_comes_in_blocks() -> None:
    rows = [[number, 'say "hi"', "a\nb"] for number in range(5000)]

    blocks = list(csv_lines(rows, ["n", "text", "lines"]))

    assert blocks[0] == 'n,text,lines\r\n0,"say ""hi""","a\nb"\r\n'
    assert 3 <= len(blocks) <= 10
    read = list(csv.reader("".join(blocks).splitlines(keepends=True)))
    assert read[0] == ["n", "text", "lines"]
    assert read[5000] == ["4999", 'say "hi"', "a\nb"]


def test_csv_without_rows_or_blocks() -> None:
    assert list(csv_lines([], ["a", "b"])) == ["a,b\r\n"]
    assert list(csv_lines([])) == []
    assert list(csv_lines([[1], [2]], block=0, delimiter=";")) == ["1\r\n", "2\r\n"]


def test_ndjson_is_a_line_for_each_item() -> None:
    assert list(ndjson_lines([{"a": "\n"}, 2])) == ['{"a":"\\n"}\n', "2\n"]
    assert list(ndjson_lines([{1, 2}], default=sorted)) == ["[1,2]\n"]


def test_events_are_written_and_read_again() -> None:
    events = [
        Event("one\r\ntwo\rthree", event="tick", id="7", retry_ms=100),
        Event.json({"a": "é"}),
        Event(""),
    ]

    text = "".join(sse_messages([*events, "plain"]))

    assert text.startswith("event: tick\nid: 7\nretry: 100\ndata: one\ndata: two\ndata: three\n\n")
    read = list(read_events(text.split("\n")))
    assert [(one.data, one.event) for one in read] == [
        ("one\ntwo\nthree", "tick"),
        ('{"a":"é"}', None),
        ("", None),
        ("plain", None),
    ]
    assert read[0].id == "7"


def test_an_event_cannot_forge_another() -> None:
    for event in (Event(event="a\ndata: x"), Event(id="1\r")):
        with pytest.raises(ValueError, match="has a line break"):
            event.encode()


def test_comments_and_unknown_fields_are_skipped() -> None:
    lines = ["\ufeff: hello", "data:x", "other: 1", "", "event: e", "", "data", "", "data: cut"]

    assert [(one.data, one.event) for one in read_events(lines)] == [("x", None), ("", None)]
