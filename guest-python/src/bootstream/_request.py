"""HTTP requests, from the events of Lambda's front ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ._errors import Rejection


@dataclass
class Request:
    """An HTTP request."""

    method: str
    """The method, in upper case."""
    path: str
    """The path, as the front end gives it."""
    query: list[tuple[str, str]] = field(default_factory=list)
    """Names and values of the query, decoded, in order."""
    headers: dict[str, str] = field(default_factory=dict)
    """The headers by name in lower case. Repeated ones are joined with `, `, cookies with `; `."""
    cookies: list[str] = field(default_factory=list)
    """The cookies, each as `name=value`."""
    body: bytes = b""
    """The body, decoded."""

    @classmethod
    def from_event(cls, event: Any) -> Request:
        """Reads the event of a Function URL, a REST or HTTP API, a load balancer or VPC Lattice.

        Raises `ValueError` if the event is not an HTTP request.
        """
        if not isinstance(event, Mapping):
            raise ValueError("the event is not an HTTP request: it is not an object")
        method, path = _method_and_path(event)
        headers = _headers(event)
        return cls(method, path, _query(event), headers, _cookies(event, headers), _body(event))

    def query_value(self, name: str) -> str | None:
        """Returns the first value of this name in the query."""
        return next((value for key, value in self.query if key == name), None)

    def cookie(self, name: str) -> str | None:
        """Returns the value of a cookie."""
        parts = (cookie.partition("=") for cookie in self.cookies)
        return next((value for key, _, value in parts if key == name), None)

    def json(self) -> Any:
        """Returns the body, parsed as JSON.

        Raises a `Rejection` with status 400 if it is none.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Rejection(400, f"the body is not JSON: {error}") from error

    def text(self) -> str:
        """Returns the body as text.

        Raises a `Rejection` with status 400 if it is not UTF-8.
        """
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise Rejection(400, f"the body is not UTF-8: {error}") from error


def _method_and_path(event: Mapping[str, Any]) -> tuple[str, str]:
    http = (event.get("requestContext") or {}).get("http") or {}
    method = http.get("method") or event.get("httpMethod") or event.get("method")
    path = event.get("rawPath") or event.get("path") or event.get("raw_path")
    if _is_lattice(event) and isinstance(path, str):
        path = path.partition("?")[0]
    if not isinstance(method, str) or not isinstance(path, str):
        raise ValueError("the event is not an HTTP request of a known shape: it has no method and path")
    return method.upper(), path


def _is_lattice(event: Mapping[str, Any]) -> bool:
    """Returns whether the event is of VPC Lattice, 1.0 or 2.0, which has the method at the top."""
    return "method" in event and "httpMethod" not in event and "rawPath" not in event


def _values(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    fields = event.get("multiValueHeaders") or event.get("headers") or {}
    lines: dict[str, list[str]] = {}
    for name, value in fields.items():
        lines.setdefault(name.lower(), []).extend(_values(value))
    # A cookie may have a comma.
    return {name: ("; " if name == "cookie" else ", ").join(values) for name, values in lines.items()}


def _raw_query(event: Mapping[str, Any]) -> str | None:
    if (raw := event.get("rawQueryString")) is not None:
        return str(raw)
    return None


def _query(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    if (raw := _raw_query(event)) is not None:
        return parse_qsl(raw, keep_blank_values=True)
    fields = (
        event.get("multiValueQueryStringParameters")
        or event.get("queryStringParameters")
        or event.get("query_string_parameters")
        or {}
    )
    pairs = [(name, value) for name, values in fields.items() for value in _values(values)]
    lattice = _is_lattice(event)
    if lattice and not pairs:
        path = event.get("path") or event.get("raw_path") or ""
        return parse_qsl(path.partition("?")[2], keep_blank_values=True)
    if lattice or "elb" in (event.get("requestContext") or {}):
        # They pass names and values as they came, still encoded. An `&` in them is not.
        return [(unquote_plus(name), unquote_plus(value)) for name, value in pairs]
    return pairs


def _cookies(event: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
    if event.get("cookies"):
        return _values(event["cookies"])
    return [cookie.strip() for cookie in headers.get("cookie", "").split(";") if cookie.strip()]


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    encoded = event.get("isBase64Encoded") or event.get("is_base64_encoded")
    return base64.b64decode(body) if encoded else str(body).encode()
