"""Bedrock's ConverseStream, which moto does not have: a model that repeats the question word by word."""

import json
import queue
import re
import struct
import zlib

TARGET = re.compile(r"/model/[^/]+/converse-stream")
# Only a failing test reaches it.
PATIENCE_SECONDS = 20

# The second and each further word waits for one of these.
allowed = queue.Queue()


class Cut(OSError):
    pass


def answers(request, service):
    return service == "bedrock" and TARGET.fullmatch(request.target) is not None


def frames(body):
    """Yields the frames of the answer. The word `THROTTLED` is an exception in its place, and `CUT` raises `Cut`."""
    question = json.loads(body)["messages"][-1]["content"][0]["text"]
    yield event("messageStart", {"role": "assistant"})
    for number, word in enumerate(question.split()):
        if number > 0:
            allowed.get(timeout=PATIENCE_SECONDS)
        if word == "THROTTLED":
            yield exception("throttlingException", {"message": "Too many tokens"})
            return
        if word == "CUT":
            raise Cut("cut, as the question asked")
        yield event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word + " "}})
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    yield event("messageStop", {"stopReason": "end_turn"})
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    yield event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


def event(kind, content):
    return frame({":event-type": kind, ":message-type": "event"}, content)


def exception(kind, content):
    return frame({":exception-type": kind, ":message-type": "exception"}, content)


def frame(headers, content):
    """Encodes a message in `application/vnd.amazon.eventstream`."""
    headers = {":content-type": "application/json"} | headers
    encoded = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    payload = json.dumps(content).encode()
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    checked = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return checked + struct.pack("!I", zlib.crc32(checked))
