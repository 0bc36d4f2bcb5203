"""The library `requests`, with an upstream of the test."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
import requests

from bootstream import http
from bootstream.requests import session
from bootstream.testing import answer, upstream


def test_a_session_sends_and_reads() -> None:
    def respond(request: http.OutgoingRequest) -> http.IncomingResponse:
        if "/redirect" in request.url:
            return answer(b"", 302, location="/there", set_cookie="a=1")
        body = gzip.compress(b'{"a":1}')
        return answer(body, content_encoding="gzip", content_type="application/json")

    with upstream(respond) as seen:
        response = session().post("https://example.com/redirect?x=1", json={"b": 2}, timeout=(1, 2))

    assert response.json() == {"a": 1}
    assert response.history[0].status_code == 302
    assert [one.url for one in seen] == [
        "https://example.com/redirect?x=1",
        "https://example.com/there",
    ]
    assert seen[0].body == [b'{"b": 2}']
    assert seen[0].timeout == 2
    assert ("Cookie", "a=1") in seen[1].headers


def test_a_body_is_read_as_it_arrives() -> None:
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield f"line {number}\n".encode()

    with upstream(lambda request: answer(chunks())):
        response = session().get("http://a/", stream=True)
        parts = response.iter_content(chunk_size=1024)
        assert next(parts) == b"line 0\n"
        assert taken == [0]
        assert b"".join(parts) == b"line 1\nline 2\n"


def test_errors_are_those_of_requests() -> None:
    def denies(request: http.OutgoingRequest) -> http.IncomingResponse:
        raise http.RequestDenied("http-request-denied", "the host does not allow requests to `a`")

    def waits(request: http.OutgoingRequest) -> http.IncomingResponse:
        raise http.RequestTimeout("connection-timeout", "too long")

    with upstream(denies), pytest.raises(requests.ConnectionError, match="does not allow"):
        session().get("http://a/")
    with upstream(waits), pytest.raises(requests.Timeout):
        session().get("http://a/")
    with upstream(lambda request: answer("no", 404)), pytest.raises(requests.HTTPError):
        session().get("http://a/").raise_for_status()


def test_credentials_in_a_url_become_a_header_and_are_not_shown() -> None:
    def refuses(request: http.OutgoingRequest) -> http.IncomingResponse:
        if "/denied" in request.url:
            raise http.RequestDenied("http-request-denied", f"{request.line}: no")
        return answer("no", 401)

    with upstream(refuses) as seen:
        response = session().get("https://user:hunter2@example.com:8443/a?k=1")
        with pytest.raises(requests.HTTPError) as refused:
            response.raise_for_status()
        with pytest.raises(requests.ConnectionError) as denied:
            session().get("https://user:hunter2@example.com/denied")

    assert seen[0].url == "https://example.com:8443/a?k=1"
    assert ("Authorization", "Basic dXNlcjpodW50ZXIy") in seen[0].headers
    for error in (refused, denied):
        assert "hunter2" not in str(error.value)
        assert "https://example.com" in str(error.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            http.RequestTimeout("connection-read-timeout", "GET http://a/: paused: `outbound.idle-ms`"),
            requests.ConnectionError,
        ),
        (
            http.RequestError("connection-terminated", "GET http://a/: the response broke off"),
            requests.exceptions.ChunkedEncodingError,
        ),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_broken_body_is_told_with_its_text(
    error: http.RequestError, kind: type[Exception], stream: bool
) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise error

    with upstream(lambda request: answer(chunks())), pytest.raises(kind) as raised:
        b"".join(session().get("http://a/", stream=stream).iter_content(64))

    assert str(raised.value) == str(error)
