"""Tests of the handler, in the Python at hand: `python -m pytest`."""

import time

import pytest
from bootstream.testing import invoke

from app import numbers


def test_numbers_are_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    response = invoke(numbers, {"rawPath": "/numbers"}, request_id="an-id")

    assert response.status == 200
    assert response.header("x-path") == "/numbers"
    assert response.header("x-request-id") == "an-id"
    assert response.text == "Number: 1\nNumber: 2\nNumber: 3\nStreaming complete!\n"
    assert pauses == [1, 1, 1]
    assert response.finished
