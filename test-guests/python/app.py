"""The scripted guest in Python, with the package `bootstream`: its event is a script of steps.

The language of the scripts is the one of the crate `scripted-guest`, whose README describes it.
"""

import base64
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from bootstream import (
    Context,
    Head,
    HeadTooLarge,
    InvalidHeader,
    InvalidStatus,
    Refused,
    Stream,
    StreamError,
    handler,
    http,
    log,
)

_LEVELS = {
    "trace": log.TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}

metrics = Metrics(namespace="Shop", service="orders")

# The host filters the records.
logging.getLogger().setLevel(log.TRACE)


class Unexpected(Exception):
    """A step did not go as the script expects."""


@handler(raw=True)
def scripted(event: bytes, context: Context, stream: Stream) -> None:
    """Runs the script in the event, or answers with the size of the event."""
    script = _script(event)
    if script is None:
        stream.write(f"event bytes: {len(event)}\n")
        return
    Runner(event, context, stream).run(script)


def _script(event: bytes) -> list[Any] | None:
    try:
        document = json.loads(event)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    if "steps" not in document and isinstance(body := document.get("body"), str):
        raw = base64.b64decode(body) if document.get("isBase64Encoded") else body.encode()
        return _script(raw)
    return document.get("steps")


class Runner:
    """Executes the steps of one invocation."""

    def __init__(self, event: bytes, context: Context, stream: Stream) -> None:
        self.event = event
        self.context = context
        self.stream = stream
        self.memory: list[bytearray] = []

    def run(self, steps: list[Any]) -> None:
        """Executes steps in order. A refusal is reported with the number of its step."""
        for number, step in enumerate(steps, 1):
            try:
                self.step(step)
            except (StreamError, Unexpected) as error:
                text = outcome(error) if isinstance(error, StreamError) else str(error)
                raise Unexpected(f"step {number}: {text}") from error

    def step(self, step: Any) -> None:
        """Executes one step."""
        ((name, argument),) = step.items() if isinstance(step, dict) else [(step, None)]
        perform: Callable[..., None] | None = getattr(self, f"do_{name}", None)
        if perform is None:
            raise Unexpected(f"invalid script: unknown variant `{name}`")
        if argument is None:
            perform()
        else:
            perform(argument)

    def attempt(self, step: Any) -> str:
        """Executes a step and names its outcome."""
        try:
            self.step(step)
        except StreamError as error:
            return outcome(error)
        return "ok"

    def do_write_headers(self, head: dict[str, Any]) -> None:
        headers = [(name, value) for name, value in head.get("headers", [])]
        self.stream.start(Head(head["status"], headers, head.get("cookies", [])))

    def do_write_many_headers(self, many: dict[str, int]) -> None:
        self.stream.start(Head(200, [("x", "v" * many["bytes"])] * many["count"]))

    def do_start_document(self) -> None:
        self.stream.start_document()

    def do_start_raw(self, content_type: str) -> None:
        self.stream.start_raw(content_type)

    def do_write(self, text: str) -> None:
        self.stream.write(text)

    def do_write_bytes(self, fill: dict[str, int]) -> None:
        self.stream.write(bytes([fill["fill"]]) * fill["len"])

    def do_write_many(self, many: dict[str, Any]) -> None:
        for _ in range(many["count"]):
            self.stream.write(many["chunk"])

    def do_write_pattern(self, pattern: dict[str, int]) -> None:
        period = bytes(range(251))
        total, chunk = pattern["total"], max(1, pattern["chunk"])
        repeated = period * (chunk // len(period) + 2)
        for offset in range(0, total, chunk):
            start = offset % len(period)
            self.stream.write(repeated[start : start + min(chunk, total - offset)])

    def do_write_context(self) -> None:
        fields = asdict(self.context)
        self.stream.write(json.dumps({key.replace("_", "-"): value for key, value in fields.items()}))

    def do_write_event_digest(self) -> None:
        digest = 0xCBF29CE484222325
        for byte in self.event:
            digest = (digest ^ byte) * 0x100000001B3 % (1 << 64)
        self.stream.write(f"bytes: {len(self.event)} fnv1a64: {digest:016x}\n")

    def do_write_env(self) -> None:
        self.stream.write(json.dumps(dict(os.environ)))

    def do_finish(self) -> None:
        self.stream.finish()

    def do_sleep_ms(self, pause: int) -> None:
        time.sleep(pause / 1000)

    def do_spin_ms(self, pause: int) -> None:
        end = time.monotonic() + pause / 1000
        while time.monotonic() < end:
            sum(range(1000))

    def do_loop_forever(self) -> None:
        while True:
            pass

    def do_loop_writing(self) -> None:
        while True:
            try:
                self.stream.write(b"x" * 1024)
            except StreamError:
                continue

    def do_repeat_forever(self, step: Any) -> None:
        while True:
            self.step(step)

    def do_recurse_forever(self) -> None:
        def recurse(depth: int) -> int:
            return recurse(depth + 1) + 1

        recurse(0)

    def do_grow_memory(self, size: int) -> None:
        self.memory.append(bytearray(size))

    def do_trap(self) -> None:
        os.abort()

    def do_panic(self, message: str) -> None:
        raise RuntimeError(message)

    def do_error(self, message: str) -> None:
        raise ValueError(message)

    def do_exit(self, code: int) -> None:
        sys.exit(code)

    def do_print(self, text: str) -> None:
        print(text, end="")

    def do_eprint(self, text: str) -> None:
        print(text, end="", file=sys.stderr)

    def do_log(self, record: dict[str, Any]) -> None:
        fields = dict(record.get("fields", []))
        logging.log(_LEVELS[record["level"]], record["message"], extra=fields)

    def do_print_metrics(self, sold: int) -> None:
        count_sold({"sold": sold}, self.context)

    def do_fetch(self, request: dict[str, Any]) -> None:
        self.stream.write("")
        self.stream.write(fetch(request) + "\n")

    def do_try(self, step: Any) -> None:
        line = f"try: {self.attempt(step)}\n"
        print(line, end="", file=sys.stderr, flush=True)
        try:
            self.stream.write(line)
        except StreamError:
            # The response may have ended; standard error has the outcome in any case.
            return

    def do_expect(self, expectation: dict[str, Any]) -> None:
        found, wanted = self.attempt(expectation["step"]), expectation["result"]
        if wanted not in (found, found.partition("(")[0]):
            raise Unexpected(f"expected {wanted}, got {found}")


@metrics.log_metrics(capture_cold_start_metric=True)
def count_sold(event: dict[str, int], context: Context) -> None:
    """Prints metrics as AWS's Powertools do."""
    metrics.add_metric(name="Sold", unit=MetricUnit.Count, value=event["sold"])


def fetch(request: dict[str, Any]) -> str:
    """Sends a request. Returns `ok: `, the status, the size of the body and the body, or `error: ` and why."""
    body = request.get("body")
    try:
        method = request.get("method", "POST" if body else "GET")
        with http.request(method, request["url"], body=body) as response:
            text = response.text()
            return f"ok: {response.status} {len(text.encode())} {text}"
    except http.RequestError as error:
        return f"error: {error.code}: {error}"


def outcome(error: StreamError) -> str:
    """Returns the name of a refusal in the contract, with its payload in parentheses."""
    if isinstance(error, InvalidStatus):
        return f"{error.name}({error.status})"
    if isinstance(error, (InvalidHeader, Refused)):
        return f"{error.name}({error.reason})"
    if isinstance(error, HeadTooLarge):
        return f"{error.name}({error.actual_bytes} > {error.limit_bytes})"
    return error.name
