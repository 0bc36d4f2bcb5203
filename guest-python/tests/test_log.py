"""Records of `logging` as lines of the function's log."""

from __future__ import annotations

import logging

import pytest

from bootstream import log


def records(level: int = 1) -> tuple[logging.Logger, list[tuple[str, str]]]:
    seen: list[tuple[str, str]] = []
    logger = logging.Logger("test", level)
    logger.addHandler(log.LogHandler(lambda level, text: seen.append((level, text))))
    return logger, seen


def test_levels_are_those_of_the_contract() -> None:
    logger, seen = records()

    for level in (log.TRACE, logging.DEBUG, logging.INFO, 25, logging.WARNING, logging.CRITICAL):
        logger.log(level, "at %d", level)

    assert [level for level, _ in seen] == ["trace", "debug", "info", "info", "warn", "error"]
    assert seen[0][1] == "at 5"


def test_extra_values_are_fields() -> None:
    logger, seen = records()

    logger.info("sold", extra={"order": 7, "who": "Ada L.", "tags": ["a"], "empty": "", "ok": True})

    assert seen[0][1] == 'sold order=7 who="Ada L." tags=["a"] empty="" ok=true'


def test_a_traceback_is_part_of_its_record() -> None:
    logger, seen = records()

    try:
        raise ValueError("no luck")
    except ValueError:
        logger.exception("failed", extra={"order": 7})

    (record,) = seen
    lines = record[1].split("\n")
    assert lines[0] == "failed order=7"
    assert lines[1].startswith("Traceback")
    assert lines[-1] == "ValueError: no luck"


def test_the_level_is_the_function_s_unless_the_program_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = logging.getLogger()
    before, handlers = root.level, root.handlers[:]
    try:
        for variable, level in (("DEBUG", logging.DEBUG), ("", logging.INFO), ("TRACE", log.TRACE)):
            root.setLevel(logging.WARNING)
            log.install(lambda level, text: None)
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
