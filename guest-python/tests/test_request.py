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
    first = {**LATTICE, "query_string_parameters": {"q": "%31%2B"}}
    assert Request.from_event(first).query == [("q", "1+")]


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


@pytest.mark.parametrize(
    ("path", "parameters", "query"),
    [
        ("/l", {"q": ["a%20b", "c+d"], "n%3D": ["1&2"]}, [("q", "a b"), ("q", "c d"), ("n=", "1&2")]),
        ("/l", {"q": "a%2Bb"}, [("q", "a+b")]),
        ("/l?q=%C3%BC&flag=", None, [("q", "ü"), ("flag", "")]),
        ("/l?q=1", {"q": ["2"]}, [("q", "2")]),
        ("/l", None, []),
    ],
)
def test_a_lattice_has_encoded_values(
    path: str, parameters: Any, query: list[tuple[str, str]]
) -> None:
    event = {
        "version": "2.0",
        "path": path,
        "method": "GET",
        "headers": {"cookie": ["a=1", "b=2, 3"]},
        "queryStringParameters": parameters,
        "requestContext": {"serviceArn": "arn:aws:vpc-lattice:eu-west-1:1:service/svc-1"},
    }

    request = Request.from_event(event)

    assert (request.path, request.query) == ("/l", query)
    assert request.cookies == ["a=1", "b=2, 3"]


def test_a_comma_in_a_cookie_stays() -> None:
    single = {**BALANCER, "headers": {"Cookie": "a=1, 2; b=x,y"}}
    several = {**REST, "multiValueHeaders": {"Cookie": ["a=1, 2", "b=x,y"], "X": ["1", "2"]}}

    for event in (single, several):
        request = Request.from_event(event)
        assert request.cookies == ["a=1, 2", "b=x,y"]
        assert request.headers["cookie"] == "a=1, 2; b=x,y"
        assert request.cookie("a") == "1, 2"
