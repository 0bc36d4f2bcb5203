"""Streams numbers, one per second: three, or as many as `?count=` asks for."""

import asyncio

import poll_loop
from componentize_py_types import Ok
from lines import count_in, lines
from poll_loop import PollLoop, Sink
from wit_world import exports
from wit_world.imports import monotonic_clock
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    OutgoingResponse,
    ResponseOutparam,
)

NANOSECONDS = 1_000_000_000


class IncomingHandler(exports.IncomingHandler):
    """The service, which the host calls for each request."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        loop = PollLoop()
        asyncio.set_event_loop(loop)
        # An exception ends the instance. After the first byte the caller then sees a broken response.
        loop.run_until_complete(respond(request, response_out))


async def respond(request: IncomingRequest, response_out: ResponseOutparam) -> None:
    # An exception before the response is set fails the request as a whole.
    count = count_in(request.path_with_query())
    headers = [
        ("content-type", b"text/plain"),
        ("x-my-custom-header", b"streaming-wasi-http-python"),
    ]
    response = OutgoingResponse(Fields.from_list(headers))
    sink = Sink(response.body())
    ResponseOutparam.set(response_out, Ok(response))
    for line in lines(count):
        await sink.send(line)
        if line.startswith(b"Number"):
            await sleep(1)
    # Without it the response has no end.
    sink.close()


async def sleep(seconds: float) -> None:
    """Waits. The event loop of `poll_loop` has no timers of its own."""
    pollable = monotonic_clock.subscribe_duration(int(seconds * NANOSECONDS))
    await poll_loop.register(asyncio.get_running_loop(), pollable)
