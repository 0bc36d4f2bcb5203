from collections.abc import Iterator
from typing import Any

from bootstream import Context, Head, handler


@handler
def hello(event: dict[str, Any], context: Context) -> Iterator[Head | str]:
    yield Head(200, {"content-type": "text/plain", "x-path": event["rawPath"]})
    yield "hello"
