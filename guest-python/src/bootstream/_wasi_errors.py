"""The errors of `wasi:http` as exceptions."""

from __future__ import annotations

import re
from typing import Any

from wit_world.imports import wasi_http_types as types

from .http import OutgoingRequest, RequestDenied, RequestError, RequestTimeout

_TIMEOUTS = {
    "dns-timeout",
    "connection-timeout",
    "connection-read-timeout",
    "connection-write-timeout",
    "http-response-timeout",
}


# The placeholder of a secret, which the host replaces, begins with this.
_SECRET_PREFIX = "bootstream-secret-"


def no_response(code: Any, request: OutgoingRequest) -> RequestError:
    """Returns why there is no response."""
    name = kebab(code)
    return _kind(name)(name, f"{request.line}: {_advice(name, code, request)}")


def broken(error: Any, request: OutgoingRequest) -> RequestError:
    """Returns why a response broke off."""
    with error:
        code = types.http_error_code(error)
        name = kebab(code) if code is not None else "internal-error"
        text = name if code is not None else error.to_debug_string()
    if name == "connection-read-timeout":
        text = "the response paused for longer than `timeout` or `outbound.idle-ms`"
    else:
        text = f"the response broke off: {text}"
    return _kind(name)(name, f"{request.line}: {text}")


def kebab(case: Any) -> str:
    """Returns the name in WIT of a case, such as `http-request-denied`."""
    name = type(case).__name__.rpartition("_")[2]
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _kind(name: str) -> type[RequestError]:
    if name in ("http-request-denied", "destination-ip-prohibited"):
        return RequestDenied
    return RequestTimeout if name in _TIMEOUTS else RequestError


def _advice(name: str, code: Any, request: OutgoingRequest) -> str:
    """Returns what happened, with the setting that changes it."""
    origin = request.origin
    if name == "http-request-denied":
        denied = f"the host does not allow requests to `{origin}`: add it to `outbound.allow`"
        if any(_SECRET_PREFIX in value for _, value in request.headers):
            return f"{denied} and to the hosts of its secret in `secrets`"
        return denied
    if name == "destination-ip-prohibited":
        return f"the address of `{origin}` is not public: add it to `outbound.private-addresses`"
    if name == "connection-limit-reached":
        return (
            "too many requests are open: read responses to their end or close them, or raise "
            "`outbound.requests`"
        )
    if name == "connection-timeout":
        return f"there was no connection to `{origin}` within `timeout` and `outbound.connect-ms`"
    if name in ("connection-read-timeout", "http-response-timeout"):
        return "there was no response within `timeout` and `outbound.first-byte-ms`"
    if name == "tls-certificate-error":
        return f"the certificate of `{origin}` is not trusted: add its authority with `outbound.ca-file`"
    detail = getattr(code, "value", None)
    return f"{name}: {detail}" if isinstance(detail, str) else f"{name} (`{origin}`)"
