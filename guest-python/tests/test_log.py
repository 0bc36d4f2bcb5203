"""Records of `logging` as lines of the function's log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from bootstream import log


Record = tuple[str, str, str | None, list[tuple[str, object]]]


def records(level: int = 1) -> tuple[logging.Logger, list[Record]]:
    seen: list[Record] = []
    logger = logging.Logger("test", level)

    def log_record(
        level: str,
        message: str,
        target: str | None = None,
        fields: Sequence[tuple[str, object]] = (),
    ) -> None:
        seen.append((level, message, target, list(fields)))

    logger.addHandler(log.LogHandler(log_record))
    return logger, seen


def test_levels_are_those_of_the_contract() -> None:
    logger, seen = records()

    for level in (log.TRACE, logging.DEBUG, logging.INFO, 25, logging.WARNING, logging.CRITICAL):
        logger.log(level, "at %d", level)

    assert [level for level, *_ in seen] == ["trace", "debug", "info", "info", "warn", "error"]
    assert seen[0][1] == "at 5"


def test_extra_values_are_fields() -> None:
    logger, seen = records()

    logger.info("sold", extra={"order": 7, "price": 0.5, "ok": True, "tags": ["ä"], "big": 2**63})

    fields = [("order", 7), ("price", 0.5), ("ok", True), ("tags", '["ä"]'), ("big", str(2**63))]
    assert seen == [("info", "sold", "test", fields)]


def test_a_traceback_is_part_of_its_record() -> None:
    logger, seen = records()

    try:
        raise ValueError("no luck")
    except ValueError:
        logger.exception("failed", extra={"order": 7})

    (record,) = seen
    lines = record[1].split("\n")
    assert lines[0] == "failed"
    assert lines[1].startswith("Traceback")
    assert lines[-1] == "ValueError: no luck"
    assert record[3] == [("order", 7)]


def test_the_level_is_the_function_s_unless_the_program_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = logging.getLogger()
    before, handlers = root.level, root.handlers[:]
    try:
        for variable, level in (("DEBUG", logging.DEBUG), ("", logging.INFO), ("TRACE", log.TRACE)):
            root.setLevel(logging.WARNING)
            log.install(lambda *_: None)
            assert root.isEnabledFor(logging.WARNING) and not root.isEnabledFor(logging.INFO)
            monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", variable)
            log.set_level()
            assert root.level == level
        for level in (logging.WARNING, logging.ERROR):
            root.setLevel(level)
            log.set_level()
            assert root.level == level
    finally:
        root.setLevel(before)
        root.handlers[:] = handlers
