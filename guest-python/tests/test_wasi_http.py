"""Requests through `wasi:http`, with a scripted host."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import wasi_host
from wasi_host import Exchange, code

from bootstream import http

KIB = 1024

Send = Callable[..., http.IncomingResponse]


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def post(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Iterator[Send]:
    transport = wasi_host.install(exchange, monkeypatch)
    before = http.set_transport(transport.send)
    yield lambda **options: http.post("https://api.example.com/x?k=1", **options)
    http.set_transport(before)
    assert exchange.mistakes == []
    assert exchange.alive == 0


def endless() -> Iterator[bytes]:
    # A test that would not end fails instead.
    yield from itertools.repeat(b"x" * KIB, 10_000)
    raise AssertionError("the whole body was read")


def test_a_body_is_sent_and_its_response_read(exchange: Exchange, post: Send) -> None:
    exchange.room = 3
    exchange.answer = [b"a", b"b"]

    with post(body=iter(["one ", "", b"two"])) as response:
        assert (response.status, response.header("x")) == (200, "1")
        assert response.read() == b"ab"

    assert exchange.body == b"one two"
    assert exchange.ended and not exchange.aborted


@pytest.mark.parametrize("body", ["", "text", b"x" * 200 * KIB])
def test_a_body_of_one_part_ends_before_the_response(
    exchange: Exchange, post: Send, body: str | bytes
) -> None:
    # The server answers when it has the bytes that `content-length` promised.
    exchange.at = len(body) or None

    post(body=body).close()

    assert len(exchange.body) == len(body)
    assert exchange.ended and not exchange.aborted


def test_a_request_without_a_body(exchange: Exchange, post: Send) -> None:
    exchange.answer = [b"whole"]
    assert post().read() == b"whole"


@pytest.mark.parametrize("at", [0, 5 * KIB])
def test_a_refused_request_stops_its_body(exchange: Exchange, post: Send, at: int) -> None:
    exchange.at = at
    exchange.code = code("HttpRequestDenied")

    with pytest.raises(http.RequestDenied, match="`https://api.example.com`: add it to `outbound.allow`"):
        post(body=endless())

    assert len(exchange.body) == at
    assert exchange.aborted


def test_a_denied_request_with_a_secret_names_its_hosts(exchange: Exchange, post: Send) -> None:
    exchange.code = code("HttpRequestDenied")

    with pytest.raises(http.RequestDenied, match="`outbound.allow` and to the hosts of its secret in `secrets`"):
        post(headers={"authorization": "Bearer bootstream-secret-0123"}, body="")
    with pytest.raises(http.RequestDenied, match="`outbound.allow`$"):
        post(headers={"authorization": "Bearer x"}, body="")


def test_a_failure_while_the_host_takes_nothing_is_seen(exchange: Exchange, post: Send) -> None:
    exchange.reads, exchange.late = 2 * KIB, True
    exchange.code = code("ConnectionTerminated")

    with pytest.raises(http.RequestError) as raised:
        post(body=b"x" * 10 * KIB)

    assert raised.value.code == "connection-terminated"
    assert exchange.aborted


def test_a_response_that_begins_early_is_read_while_the_body_is_sent(
    exchange: Exchange, post: Send
) -> None:
    # The server reads the rest when its response is being read, and ends it after the body.
    exchange.at = exchange.reads = 4 * KIB
    exchange.answer = [b"first", b"", b"last"]

    response = post(body=itertools.repeat(b"y" * KIB, 12))
    chunks = response.chunks()
    assert next(chunks) == b"first"
    assert len(exchange.body) == 4 * KIB

    assert list(chunks) == [b"last"]
    assert len(exchange.body) == 12 * KIB
    assert exchange.ended and not exchange.aborted


def test_the_end_of_the_response_ends_the_body(exchange: Exchange, post: Send) -> None:
    exchange.at = 4 * KIB
    exchange.status = 413
    exchange.answer = [b"too large"]

    response = post(body=endless())

    with pytest.raises(http.StatusError, match="https://api.example.com/x: status 413: too large"):
        response.raise_for_status()
    assert len(exchange.body) == 4 * KIB
    assert exchange.aborted


def test_a_response_that_is_not_read_drops_the_body(exchange: Exchange, post: Send) -> None:
    exchange.at = 0

    post(body=endless()).close()

    assert exchange.aborted


def test_an_exception_of_the_body_is_the_request_s(exchange: Exchange, post: Send) -> None:
    def breaks() -> Iterator[str]:
        yield "some"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        post(body=breaks())

    assert exchange.aborted


@pytest.mark.parametrize(
    "set_up",
    [
        {"refusal": wasi_host.StreamError_LastOperationFailed(wasi_host.Failure(code("HttpRequestBodySize")))},
        {"finish": code("HttpRequestBodySize")},
    ],
)
def test_a_body_of_the_wrong_size_is_an_error(
    exchange: Exchange, post: Send, set_up: dict[str, Any]
) -> None:
    vars(exchange).update(set_up)

    with pytest.raises(http.RequestError) as raised:
        post(body="text")

    assert raised.value.code == "http-request-body-size"


def test_the_reason_of_a_closed_stream_comes_with_the_response(exchange: Exchange, post: Send) -> None:
    exchange.refusal = wasi_host.StreamError_Closed()
    exchange.code = code("ConnectionRefused")

    with pytest.raises(http.RequestError, match="connection-refused"):
        post(body=endless())


def test_a_response_that_breaks_off(exchange: Exchange, post: Send) -> None:
    exchange.answer = [b"half", code("ConnectionReadTimeout")]

    with pytest.raises(http.RequestTimeout, match="/x: the response paused .* `outbound.idle-ms`"):
        post(body="text").read()
