"""HTTP requests from the events of front ends."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bootstream import Rejection, Request

URL = {
    "version": "2.0",
    "rawPath": "/a b",
    "rawQueryString": "x=1&x=2&y=%C3%BC+z&flag=",
    "cookies": ["a=1", "b=2=3"],
    "headers": {"Content-Type": "application/json", "x": "1,2"},
    "requestContext": {"http": {"method": "post"}},
    "body": base64.b64encode(b'{"n":1}').decode(),
    "isBase64Encoded": True,
}
REST = {
    "httpMethod": "GET",
    "path": "/p",
    "multiValueHeaders": {"X": ["1", "2"], "Cookie": ["a=1; b=2"]},
    "headers": {"X": "2"},
    "multiValueQueryStringParameters": {"x": ["1", "2 3"]},
    "queryStringParameters": {"x": "2 3"},
    "requestContext": {},
    "body": None,
}
BALANCER = {
    "httpMethod": "PUT",
    "path": "/",
    "headers": {"host": "h"},
    "queryStringParameters": {"a": "%20x", "b": "c+d"},
    "requestContext": {"elb": {"targetGroupArn": "arn"}},
    "body": "text",
    "isBase64Encoded": False,
}
LATTICE = {"raw_path": "/l?q=1", "method": "GET", "headers": {}, "is_base64_encoded": False}


def test_a_function_url() -> None:
    request = Request.from_event(URL)

    assert (request.method, request.path) == ("POST", "/a b")
    assert request.query == [("x", "1"), ("x", "2"), ("y", "ü z"), ("flag", "")]
    assert request.query_value("x") == "1"
    assert request.query_value("none") is None
    assert request.headers["content-type"] == "application/json"
    assert request.cookie("b") == "2=3"
    assert request.json() == {"n": 1}


def test_a_rest_api() -> None:
    request = Request.from_event(REST)

    assert (request.method, request.path, request.body) == ("GET", "/p", b"")
    assert request.query == [("x", "1"), ("x", "2 3")]
    assert request.headers["x"] == "1, 2"
    assert request.cookies == ["a=1", "b=2"]


def test_a_load_balancer_and_a_lattice() -> None:
    balancer, lattice = Request.from_event(BALANCER), Request.from_event(LATTICE)

    assert balancer.query == [("a", " x"), ("b", "c d")]
    assert balancer.text() == "text"
    assert (lattice.path, lattice.query) == ("/l", [("q", "1")])


@pytest.mark.parametrize("event", [None, [], {}, {"Records": []}, {"httpMethod": "GET"}])
def test_another_event_is_no_request(event: Any) -> None:
    with pytest.raises(ValueError, match="is not an HTTP request"):
        Request.from_event(event)


def test_a_body_that_cannot_be_read_is_the_caller_s_fault() -> None:
    request = Request("POST", "/", body=b"\xff{")
    for read in (request.json, request.text):
        with pytest.raises(Rejection) as raised:
            read()
        assert raised.value.status == 400
