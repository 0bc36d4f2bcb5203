"""The library `requests` over the host's HTTP, in place of sockets::

    from bootstream.requests import session

    response = session().get("https://api.example.com/", timeout=10)

`requests` is not a dependency of this package: add it to those of the project. The host verifies certificates, so
`verify`, `cert` and proxies have no effect.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from email.message import Message
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from . import http


# Headers of a connection, which is the host's.
_OF_THE_HOST = ("connection", "transfer-encoding")


class Adapter(BaseAdapter):
    """Sends the requests of a session through `bootstream.http`."""

    def send(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Any:
        """Sends a request. Of a pair of timeouts, the longer holds.

        Raises `requests.exceptions.Timeout` or `requests.exceptions.ConnectionError`.
        """
        # `requests` has made the header `Authorization` of the credentials in the URL.
        url = _without_credentials(request.url)
        waits = timeout if isinstance(timeout, tuple) else (timeout,)
        longest = max((wait for wait in waits if wait is not None), default=None)
        try:
            incoming = http.request(
                request.method,
                url,
                headers=[
                    (name, _text(value))
                    for name, value in request.headers.items()
                    if name.lower() not in _OF_THE_HOST
                ],
                body=request.body,
                timeout=longest,
            )
        except http.RequestTimeout as error:
            raise requests.exceptions.Timeout(error, request=request) from error
        except http.RequestError as error:
            raise requests.exceptions.ConnectionError(error, request=request) from error
        return self._response(request, url, incoming)

    def _response(self, request: Any, url: str, incoming: http.IncomingResponse) -> Any:
        response = requests.Response()
        response.status_code = incoming.status
        headers = HTTPHeaderDict()
        message = Message()
        for name, value in incoming.header_pairs:
            headers.add(name, value)
            message[name] = value
        response.headers = CaseInsensitiveDict(headers.items())
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = _Prompt(
            _Body(incoming),
            headers=headers,
            status=incoming.status,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
            # The place where `requests` looks for cookies.
            original_response=SimpleNamespace(
                msg=message, close=lambda: None, isclosed=lambda: True
            ),  # type: ignore[arg-type]
        )
        # The text of `requests.HTTPError` has it.
        response.url = url
        response.request = request
        response.connection = self  # type: ignore[assignment]
        extract_cookies_to_jar(response.cookies, request, response.raw)
        return response

    def close(self) -> None:
        """Does nothing: the host keeps the connections."""


class _Prompt(HTTPResponse):
    """A response whose parts are those that have arrived, and need not be full."""

    def stream(
        self, amt: int | None = 65536, decode_content: bool | None = None
    ) -> Generator[bytes, None, None]:
        while data := self.read1(amt, decode_content=decode_content):
            yield data


class _Paused(ReadTimeoutError):
    """A pause in a body. Of a `TimeoutError`, `urllib3` would not keep the text."""

    def __init__(self, error: http.RequestTimeout) -> None:
        # It has no pool, and needs no URL.
        super().__init__(None, None, str(error))  # type: ignore[arg-type]
        self._text = str(error)

    def __str__(self) -> str:
        return self._text


class _Body(io.RawIOBase):
    """The body of a response as a file. A read returns what has arrived."""

    def __init__(self, incoming: http.IncomingResponse) -> None:
        super().__init__()
        self._incoming = incoming
        self._chunks: Iterator[bytes] = incoming.chunks()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                self._rest = memoryview(next(self._chunks))
            except StopIteration:
                return 0
            except http.RequestTimeout as error:
                raise _Paused(error) from error
            except http.RequestError as error:
                raise ProtocolError(str(error)) from error
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def read1(self, size: int = -1) -> bytes:
        return self.read(size if size >= 0 else 65536) or b""

    def close(self) -> None:
        self._incoming.close()
        super().close()


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def session() -> Any:
    """Returns a `requests.Session` that sends through the host."""
    made = requests.Session()
    # The environment and the user's files, which `requests` would read, are not there.
    made.trust_env = False
    for scheme in ("https://", "http://"):
        made.mount(scheme, Adapter())
    return made
