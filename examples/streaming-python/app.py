"""Streams three numbers, one second apart."""

import time
from collections.abc import Iterator
from typing import Any

from bootstream import Context, Head, handler


@handler
def numbers(event: dict[str, Any], context: Context) -> Iterator[Head | str]:
    """Handles one invocation: each `yield` is sent to the caller at once."""
    headers = {
        "content-type": "text/plain",
        "x-my-custom-header": "streaming-python",
        "x-path": event.get("rawPath", "/"),
        "x-request-id": context.request_id,
    }
    yield Head(200, headers)
    for number in range(1, 4):
        yield f"Number: {number}\n"
        time.sleep(1)
    yield "Streaming complete!\n"
