"""How what a handler does becomes a response."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from bootstream import (
    AlreadyStarted,
    Closed,
    Context,
    Document,
    Head,
    InvalidStatus,
    RawStream,
    Rejection,
    Response,
    Stream,
    csv_response,
    event_stream,
    handler,
    json_response,
    ndjson_response,
)
from bootstream.testing import invoke


@handler
def numbers(event: Any, context: Context) -> Iterator[Head | str | bytes]:
    yield Head(201, {"content-type": "text/plain", "x": ["1", "2"]}, ["a=b"])
    for number in range(event["count"]):
        yield f"{number}\n"
    yield context.request_id.encode()


def test_each_item_of_a_generator_is_a_write() -> None:
    response = invoke(numbers, {"count": 2}, request_id="id")

    assert response.status == 201
    assert response.headers == [("content-type", "text/plain"), ("x", "1"), ("x", "2")]
    assert response.cookies == ["a=b"]
    assert response.chunks == [b"0\n", b"1\n", b"id"]
    assert response.finished


def test_a_refused_item_raises_at_its_yield() -> None:
    caught: list[str] = []

    @handler
    def twice(event: Any) -> Iterator[Head | str]:
        yield "first"
        try:
            yield Head(404)
        except AlreadyStarted as error:
            caught.append(error.name)
        yield "second"

    response = invoke(twice)

    assert caught == ["already-started"]
    assert response.text == "firstsecond"


def test_a_generator_is_told_that_the_reader_is_gone_and_is_closed() -> None:
    ended: list[str] = []

    @handler
    def endless(event: Any) -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            ended.append("cleaned up")

    response = invoke(endless, closes_after=3)

    assert isinstance(response.error, Closed)
    assert len(response.chunks) == 3
    assert ended == ["cleaned up"]


def test_an_exception_before_the_first_byte_passes_and_later_ones_are_the_end() -> None:
    @handler
    def fails(event: Any) -> Iterator[str]:
        if event.get("late"):
            yield "half"
        raise KeyError("no")

    with pytest.raises(KeyError):
        invoke(fails)
    response = invoke(fails, {"late": True})
    assert isinstance(response.error, KeyError)
    assert not response.finished


@pytest.mark.parametrize(
    ("result", "kind", "body"),
    [
        ("text", "http", "text"),
        (b"bytes", "http", "bytes"),
        (bytearray(b"more"), "http", "more"),
        (Response("whole", 200), "http", "whole"),
        (Response((one for one in ("a", "b"))), "http", "ab"),
        (Head(204), "http", ""),
        (None, "http", ""),
        ({"a": [1, None]}, "document", '{"a":[1,null]}'),
        ([1, "é"], "document", '[1,"é"]'),
        (Document(7), "document", "7"),
        (RawStream(["x", "y"], "text/plain"), "raw", "xy"),
        (json_response({"n": (i for i in range(3))}), "http", '{"n":[0,1,2]}'),
        (ndjson_response([{"a": 1}, [2]]), "http", '{"a":1}\n[2]\n'),
        (csv_response([[1, "a,b"]], header=["n", "t"]), "http", 'n,t\r\n1,"a,b"\r\n'),
        (event_stream(["one\ntwo"]), "http", "data: one\ndata: two\n\n"),
        (["list"], "document", '["list"]'),
        (("a", "b"), "http", "ab"),
    ],
)
def test_what_a_handler_returns_is_the_response(result: Any, kind: str, body: str) -> None:
    response = invoke(handler(lambda event: result))

    assert (response.kind, response.text, response.finished) == (kind, body, True)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (7, "the handler returned an int"),
        (iter([{"a": 1}]), "the handler yielded a dict"),
        (iter([3]), "the handler yielded an int"),
        (Response({"a": 1}), "the handler returned a dict"),
    ],
)
def test_a_value_that_is_no_response_is_named(result: Any, text: str) -> None:
    fails = handler(lambda event: result)
    try:
        error: BaseException | None = invoke(fails).error
    except TypeError as raised:
        error = raised
    assert text in str(error)


def test_a_stream_is_a_file_for_text_and_bytes() -> None:
    @handler
    def archive(event: Any, context: Context, stream: Stream) -> None:
        stream.start(Head(200, {"content-type": "application/zip"}))
        with zipfile.ZipFile(stream, "w") as file:
            file.writestr("a.txt", "hello")
        stream.finish()

    response = invoke(archive)

    assert response.body.startswith(b"PK")
    assert response.finished


def test_a_large_chunk_is_sent_in_pieces() -> None:
    response = invoke(handler(lambda event: bytes(1_000_000)))

    assert len(response.body) == 1_000_000
    assert max(map(len, response.chunks)) == 256 * 1024


def test_a_rejection_is_the_response_until_it_has_started(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @handler
    def rejects(event: Any) -> Iterator[str]:
        if event.get("late"):
            yield "half"
        raise Rejection(404, "no such order")

    with caplog.at_level(logging.WARNING):
        response = invoke(rejects)
    late = invoke(rejects, {"late": True})

    assert response.status == 404
    assert response.json() == {"message": "no such order"}
    assert "rejected with status 404: no such order" in caplog.text
    assert isinstance(late.error, Rejection)
    with pytest.raises(ValueError, match="400 to 499"):
        Rejection(500, "")


def test_the_event_is_parsed_unless_it_is_wanted_raw() -> None:
    assert invoke(handler(raw=True)(lambda event: event), b"\xff").body == b"\xff"
    with pytest.raises(ValueError, match="the event is not JSON"):
        invoke(handler(lambda event: None), b"{")


def test_a_function_with_other_arguments_is_refused() -> None:
    with pytest.raises(TypeError, match="takes 4 arguments"):
        handler(lambda a, b, c, d: None)
    with pytest.raises(TypeError, match="takes 0 arguments"):
        handler(lambda: None)

    async def later(event: Any) -> None: ...

    with pytest.raises(TypeError, match="`later` is `async`"):
        handler(later)


def test_a_handler_stays_a_function() -> None:
    @handler
    def double(event: int) -> int:
        """Doubles."""
        return 2 * event

    assert double(4) == 8
    assert double.__doc__ == "Doubles."


def test_a_status_is_checked() -> None:
    with pytest.raises(InvalidStatus, match="`99` is outside"):
        invoke(handler(lambda event: Head(99)))
