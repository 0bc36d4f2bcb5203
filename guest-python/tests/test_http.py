"""Requests of handlers, with an upstream of the test."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from bootstream import handler, http
from bootstream.testing import answer, invoke, upstream


def test_a_handler_passes_events_on() -> None:
    @handler
    def proxy(event: Any) -> Iterator[str]:
        with http.post("https://api.example.com/v1?key=1", json={"a": 1}, timeout=2) as response:
            response.raise_for_status()
            for one in response.events():
                yield one.data

    def respond(request: http.OutgoingRequest) -> http.IncomingResponse:
        return answer([b"data: a\r", b"\ndata: \xc3", b"\xa9\n\n", b"data: b\n\n"], x_id="7")

    with upstream(respond) as seen:
        response = invoke(proxy)

    assert response.text == "a\néb"
    assert seen[0].method == "POST"
    assert seen[0].body == [b'{"a":1}']
    assert seen[0].headers == [("content-type", "application/json"), ("content-length", "7")]
    assert (seen[0].line, seen[0].timeout) == ("POST https://api.example.com/v1", 2)
    assert seen[0].origin == "https://api.example.com"


def test_what_a_response_has() -> None:
    with upstream(lambda request: answer("[1]", 200, content_type="application/json")):
        response = http.get("http://a/")

    assert response.ok
    assert response.header("Content-Type") == "application/json"
    assert response.json() == [1]


def test_an_error_status_shows_the_beginning_of_its_body() -> None:
    with upstream(lambda request: answer(b"x" * 5000, 503)):
        response = http.request("DELETE", "http://a/b")
    with pytest.raises(http.StatusError) as raised:
        response.raise_for_status()

    assert raised.value.status == 503
    assert raised.value.body == "x" * 2048


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\nb"], ["a", "b"]),
        ([b"a\r", b"\nb\r", b"c\n"], ["a", "b", "c"]),
        ([b"\n\n"], ["", ""]),
        ([], []),
        ([b"end\r"], ["end"]),
        ([b"\xe2\x82", b"\xac"], ["€"]),
    ],
)
def test_lines_end_where_they_end(chunks: list[bytes], lines: list[str]) -> None:
    assert list(answer(chunks).lines()) == lines


def test_parts_of_a_body_and_mistakes() -> None:
    with upstream(lambda request: answer()) as seen:
        http.put("http://a/", body=iter(["a", b"b"]))
        for url in ("/relative", "ftp://a/", "http:///x"):
            with pytest.raises(ValueError, match="not an absolute URL"):
                http.get(url)
        with pytest.raises(ValueError, match="not both"):
            http.post("http://a/", body="x", json=1)

    assert seen[0].body == [b"ab"]
    with pytest.raises(http.RequestError, match="use `bootstream.testing.upstream`"):
        http.get("http://a/")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://user:hunter2@api.example.com/x?k=hunter2", "the URL has credentials: .*`authorization`"),
        ("https://hunter2@api.example.com/", "the URL has credentials"),
        ("htps://user:hunter2@h/x?token=hunter2", "the URL is not an absolute URL"),
        ("user:hunter2@h/x", "the URL is not an absolute URL"),
        ("https://user:hunter2/x@h/", "the URL is not an absolute URL"),
        ("https://user:hunter2?x@h/", "the URL is not an absolute URL"),
        ("https://user:hunter2@ex\u2100mple.com/", "the URL is not an absolute URL"),
        ("https://user:hunter2@[::1/", "the URL is not an absolute URL"),
        ("htps://h/x?token=hunter2", "`htps://h/x` is not an absolute URL"),
        ("/x#hunter2", "`/x` is not an absolute URL"),
        ("https://h:99999/x?hunter2", "`https://h:99999/x` is not an absolute URL"),
    ],
)
def test_no_message_shows_credentials_or_a_query(url: str, text: str) -> None:
    with upstream(lambda request: answer()) as seen, pytest.raises(ValueError, match=text) as raised:
        http.get(url)

    assert seen == []
    # The log has the traceback, with the exceptions that are its context.
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_a_request_is_named_without_credentials_and_query() -> None:
    request = http.OutgoingRequest("GET", "https://user:hunter2@api.example.com:8443/a@b?k=1#f")

    assert request.line == "GET https://api.example.com:8443/a@b"
    assert request.origin == "https://api.example.com:8443"


def test_an_at_sign_after_the_host_is_no_credential() -> None:
    with upstream(lambda request: answer()) as seen:
        http.get("https://a/@me?to=a@b")

    assert seen[0].url == "https://a/@me?to=a@b"
