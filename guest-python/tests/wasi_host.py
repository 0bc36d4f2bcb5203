"""A host of `wasi:http` for tests: the modules that componentize-py generates, with a scripted exchange."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, TypeVar

import pytest

import bootstream

T = TypeVar("T")


@dataclass
class Ok(Generic[T]):
    value: T


@dataclass(frozen=True)
class Err(Exception):
    value: Any


class Stuck(BaseException):
    """The guest waits for what never happens."""


@dataclass
class Exchange:
    """What the host does with one request, and what it saw."""

    status: int = 200
    code: Any = None
    """The error code, instead of a response."""
    at: int | None = None
    """The bytes after which the response is there; `None` is the end of the body."""
    reads: int | None = None
    """The bytes that the host takes, until the response has been read; `None` is all."""
    late: bool = False
    """Whether the response arrives once the guest polls."""
    room: int = 64 * 1024
    refusal: Any = None
    """The error of a write."""
    finish: Any = None
    """The error code of the end of the body."""
    answer: list[Any] = field(default_factory=list)
    """The chunks of the response. The empty one is a pause for as long as the body has not ended."""

    body: bytearray = field(default_factory=bytearray)
    ended: bool = False
    aborted: bool = False
    alive: int = 0
    polls: int = 0
    mistakes: list[str] = field(default_factory=list)

    def answered(self) -> bool:
        early = self.at is not None and len(self.body) >= self.at
        return early or self.ended or self.aborted

    def wait(self, ready: bool) -> None:
        self.polls += 1
        if not ready or self.polls > 1000:
            raise Stuck

    def takes(self) -> int:
        left = self.room if self.reads is None else self.reads - len(self.body)
        return max(0, min(self.room, left))


class Resource:
    """Is dropped once, after its children, as a host demands."""

    def __init__(self, exchange: Exchange | None, parent: Resource | None = None) -> None:
        self.exchange, self.parent, self.children, self.dropped = exchange, parent, 0, False
        if exchange:
            exchange.alive += 1
        if parent:
            parent.children += 1

    def drop(self) -> None:
        if self.dropped:
            return
        self.dropped = True
        if self.exchange:
            self.exchange.alive -= 1
            if self.children:
                self.exchange.mistakes.append(f"a {type(self).__name__} is dropped before its children")
        if self.parent:
            self.parent.children -= 1

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def __del__(self) -> None:
        self.drop()


class Pollable(Resource):
    def ready(self) -> bool:
        assert self.exchange
        writes = isinstance(self.parent, OutputStream)
        return self.exchange.takes() > 0 if writes else self.exchange.answered()

    def block(self) -> None:
        assert self.exchange
        self.exchange.wait(self.ready())


class Subscribable(Resource):
    def subscribe(self) -> Pollable:
        return Pollable(self.exchange, self)


class OutputStream(Subscribable):
    def check_write(self) -> int:
        assert self.exchange
        if self.exchange.refusal is not None:
            raise Err(self.exchange.refusal)
        return self.exchange.takes()

    def write(self, contents: bytes) -> None:
        assert self.exchange and len(contents) <= self.exchange.takes()
        self.exchange.body += contents


class OutgoingBody(Resource):
    def write(self) -> OutputStream:
        return OutputStream(self.exchange, self)

    def drop(self) -> None:
        if not self.dropped and self.exchange and not self.exchange.ended:
            self.exchange.aborted = True
        super().drop()

    @staticmethod
    def finish(this: OutgoingBody, trailers: Any) -> None:
        assert this.exchange and not this.dropped
        if this.exchange.finish is not None:
            this.drop()
            raise Err(this.exchange.finish)
        this.exchange.ended = True
        this.drop()


class IncomingStream(Subscribable):
    def read(self, size: int) -> bytes:
        assert self.exchange
        if not self.exchange.answer:
            raise Err(StreamError_Closed())
        chunk = self.exchange.answer[0]
        if chunk == b"" and not self.exchange.ended:
            # Now the server reads on.
            self.exchange.reads = None
            return b""
        self.exchange.answer.pop(0)
        if not isinstance(chunk, bytes):
            raise Err(StreamError_LastOperationFailed(Failure(chunk)))
        return chunk or self.read(size)


class IncomingBody(Resource):
    def stream(self) -> IncomingStream:
        return IncomingStream(self.exchange, self)


class Fields(Resource):
    def __init__(self, pairs: list[tuple[str, bytes]]) -> None:
        super().__init__(None)
        self.pairs = pairs

    @classmethod
    def from_list(cls, pairs: list[tuple[str, bytes]]) -> Fields:
        return cls(pairs)

    def entries(self) -> list[tuple[str, bytes]]:
        return self.pairs


class IncomingResponse(Resource):
    def status(self) -> int:
        assert self.exchange
        return self.exchange.status

    def headers(self) -> Fields:
        return Fields([("x", b"1")])

    def consume(self) -> IncomingBody:
        return IncomingBody(self.exchange, self)


class FutureIncomingResponse(Subscribable):
    def get(self) -> Any:
        assert self.exchange
        if not self.exchange.answered():
            return None
        return Ok(Err(self.exchange.code) if self.exchange.code else Ok(IncomingResponse(self.exchange)))


class OutgoingRequest:
    """A request to the exchange of the test."""

    exchange: Exchange

    def __init__(self, headers: Fields) -> None:
        self.headers = headers

    def body(self) -> OutgoingBody:
        return OutgoingBody(self.exchange)

    def _set(self, value: Any) -> None:
        return

    set_method = set_scheme = set_authority = set_path_with_query = _set


class Failure(Resource):
    """An error of a stream."""

    def __init__(self, code: Any) -> None:
        super().__init__(None)
        self.code = code


@dataclass
class StreamError_Closed:
    """The stream has ended."""


@dataclass
class StreamError_LastOperationFailed:
    """The stream has failed."""

    value: Failure


def code(name: str, value: Any = None) -> Any:
    """Returns an error code, by the name of its class."""
    return type(f"ErrorCode_{name}", (), {"value": value})()


def poll(pollables: list[Pollable]) -> list[int]:
    """Returns the ready ones."""
    exchange = pollables[0].exchange
    ready = [number for number, one in enumerate(pollables) if one.ready()]
    assert exchange
    if exchange.late:
        exchange.at = 0
    exchange.wait(bool(ready) or exchange.late)
    return ready


def _handle(request: OutgoingRequest, options: Any) -> FutureIncomingResponse:
    if request.exchange.alive == 0:
        request.exchange.ended = True
    return FutureIncomingResponse(request.exchange)


def install(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Returns a new `bootstream._wasi_http` over the exchange, until the end of the test."""
    names = "Get Head Post Put Delete Connect Options Trace Patch".split()
    methods = {f"Method_{name}": type(name, (), {}) for name in names}
    imports: dict[str, dict[str, Any]] = {
        "outgoing_handler": {"handle": _handle},
        "poll": {"poll": poll},
        "streams": {
            one.__name__: one for one in (StreamError_Closed, StreamError_LastOperationFailed)
        },
        "wasi_http_types": {
            **methods,
            **{"Fields": Fields, "OutgoingBody": OutgoingBody},
            "OutgoingRequest": type("Request", (OutgoingRequest,), {"exchange": exchange}),
            **dict.fromkeys(("Scheme_Http", "Scheme_Https"), object),
            "http_error_code": lambda failure: failure.code,
        },
    }
    modules = {name: _module(name, members) for name, members in imports.items()}
    monkeypatch.setitem(sys.modules, "componentize_py_types", _module("types", {"Ok": Ok, "Err": Err}))
    monkeypatch.setitem(sys.modules, "wit_world", _module("wit_world", {}))
    monkeypatch.setitem(sys.modules, "wit_world.imports", _module("imports", modules))
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, f"wit_world.imports.{name}", module)
    for name in ("_wasi_http", "_upload", "_wasi_errors"):
        # Imported anew, and forgotten after the test.
        monkeypatch.setitem(sys.modules, f"bootstream.{name}", _module(name, {}))
        del sys.modules[f"bootstream.{name}"]
        monkeypatch.delattr(bootstream, name, raising=False)
    return importlib.import_module("bootstream._wasi_http")


def _module(name: str, members: dict[str, Any]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module
