"""Streams three numbers, one second apart."""

import json
import time

import wit_world
from componentize_py_types import Err
from wit_world.imports.response_stream import finish, write, write_headers
from wit_world.imports.types import Context, ResponseHead


class WitWorld(wit_world.WitWorld):
    """The handler, which the host calls for each invocation."""

    def handle(self, event: bytes, context: Context) -> None:
        try:
            stream_numbers(json.loads(event), context)
        except Err:
            # An error of the host, such as for a write to a caller that is gone.
            raise
        except Exception as error:
            # Any other exception would end the instance, with the message in the log only.
            raise Err(f"{type(error).__name__}: {error}") from error


def stream_numbers(event: dict, context: Context) -> None:
    headers = [
        ("content-type", "text/plain"),
        ("x-my-custom-header", "streaming-python"),
        ("x-path", event.get("rawPath", "/")),
        ("x-request-id", context.request_id),
    ]
    write_headers(ResponseHead(status=200, headers=headers, cookies=[]))
    for number in range(1, 4):
        write(f"Number: {number}\n".encode())
        time.sleep(1)
    write(b"Streaming complete!\n")
    finish()
