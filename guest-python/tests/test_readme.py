"""The code in the README works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bootstream import Handler, http
from bootstream.testing import answer, invoke, upstream

BLOCKS = [
    block.partition("```")[0]
    for block in Path(__file__).parents[1].joinpath("README.md").read_text().split("```python\n")[1:]
]


def defined(name: str) -> Any:
    """Runs the block that defines a name, and returns what it is."""
    (block,) = [block for block in BLOCKS if f"def {name}(" in block and f"import {name}" not in block]
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(block, "README.md", "exec"), names)
    return names[name]


@pytest.mark.parametrize(
    ("name", "start", "size"),
    [
        ("report", "number,date\r\n0,2026-01-01\r\n1,2026-01-01\r\n", 1_790_000),
        ("catalogue", '{"version":1,"items":[0,1,4,9', 6_000),
        ("ticks", "data: tick 0\n\ndata: tick 1\n\n", 45),
        ("log_lines", '{"n":0}\n', 24),
        ("sell", '{"sold":true}', 13),
    ],
)
def test_formats_and_logging(name: str, start: str, size: int) -> None:
    response = invoke(defined(name))

    assert response.text.startswith(start)
    assert len(response.body) == pytest.approx(size, rel=0.2)


def test_requests_and_rejections() -> None:
    order = defined("order")
    event = {"httpMethod": "POST", "path": "/order", "body": "[1]"}

    assert invoke(order, event).json() == {"order": [1], "page": None}
    assert invoke(order, {**event, "path": "/"}).status == 404


def test_the_proxy() -> None:
    def respond(request: http.OutgoingRequest) -> http.IncomingResponse:
        return answer("data: a\n\ndata: b\n\n")

    with upstream(respond):
        assert invoke(defined("chat")).chunks == [b"a", b"b"]


def test_the_first_handler_and_the_test() -> None:
    first: dict[str, Any] = {}
    exec(BLOCKS[0], first)
    assert isinstance(first["hello"], Handler)
    assert invoke(first["hello"]).text == "Hello, world!\n"

    defined("test_hello")()
