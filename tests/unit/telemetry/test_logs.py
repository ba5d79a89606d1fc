"""The log: levels, reports, and what libraries say."""

import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cortex_adapters.telemetry.errors import LogErrorReporter
from cortex_adapters.telemetry.levels import SWITCH, switching
from cortex_adapters.telemetry.logs import Log, LogTelemetry, open_log
from cortex_adapters.telemetry.standard import LogHandler, capturing
from cortex_core.ports import Level


class Written:
    """A log in a file, read back when it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self, *, level: Level = "info", json: bool = True) -> Iterator[Log]:
        fd = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        try:
            with open_log(level=level, json=json, fd=fd) as log:
                yield log
        finally:
            os.close(fd)

    @property
    def text(self) -> str:
        return self._path.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "log")


@pytest.mark.parametrize(("level", "count"), [("debug", 4), ("info", 3), ("error", 1)])
def test_lines_below_the_level_are_left_out(written: Written, level: Level, count: int):
    levels: list[Level] = ["debug", "info", "warning", "error"]
    with written.open(level=level) as log:
        for each in levels:
            LogTelemetry(log).log("said", level=each, number=1)
    assert [line["level"] for line in written.lines] == levels[-count:]
    assert all((line["event"], line["number"]) == ("said", 1) for line in written.lines)


def test_spans_and_numbers_cost_next_to_nothing(written: Written):
    with written.open() as log:
        telemetry = LogTelemetry(log)
        began = time.perf_counter()
        for _ in range(100_000):
            with telemetry.span("work", operation="x") as span:
                span.set(outcome="ok")
            telemetry.count("work", operation="x")
        assert time.perf_counter() - began < 1
    assert written.text == ""


def test_a_report_has_the_traceback_and_the_causes(written: Written):
    def work() -> None:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    with pytest.raises(ValueError, match="outer") as caught:
        work()
    with written.open() as log:
        incident = LogErrorReporter(log).report(caught.value, operation="users.me")
    (line,) = written.lines
    assert line["incident"] == incident
    assert line["operation"] == "users.me"
    assert line["error"] == "builtins.ValueError"
    assert line["level"] == "error"
    assert "KeyError: 'inner'" in line["traceback"]
    assert "ValueError: outer" in line["traceback"]
    assert ", in work" in line["traceback"]


def test_a_report_of_an_error_without_words_has_its_frames(written: Written):
    class MuteError(Exception):
        def __getattribute__(self, name: str) -> object:
            if name == "__cause__":
                raise ValueError(name)
            return super().__getattribute__(name)

    with written.open(json=False) as log:
        try:
            raise MuteError
        except MuteError as error:
            LogErrorReporter(log).report(error, operation="x")
    assert "MuteError: its own words fail" in written.text
    assert ", in test_a_report_of_an_error_without_words" in written.text


def test_what_libraries_say_is_in_the_log(written: Written):
    library = logging.getLogger("library")
    before = logging.getLogger().handlers[:]
    with written.open() as log, capturing(log):
        library.info("too quiet")
        library.warning("%s is odd", "it")
        try:
            raise ValueError("mine")
        except ValueError:
            library.exception("failed")
    warning, failure = written.lines
    assert (warning["event"], warning["level"]) == ("library", "warning")
    assert warning["message"] == "it is odd"
    assert (failure["level"], failure["message"]) == ("error", "failed")
    assert "ValueError: mine" in failure["traceback"]
    assert logging.getLogger().handlers == before


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        ("%d", ("no number",)),
        ("%s %s", ("one",)),
        (object(), ()),
        (object(), ("one",)),
        ("\ud800\x00\n", ()),
    ],
    ids=["number", "too few", "object", "object with one", "unprintable"],
)
def test_what_libraries_say_wrongly_does_no_harm(
    written: Written, said: object, arguments: tuple[object, ...]
):
    with written.open() as log:
        record = logging.LogRecord("library", logging.CRITICAL, "x.py", 1, said, arguments, None)
        LogHandler(log).handle(record)
    (line,) = written.lines
    assert line["level"] == "error"


def test_libraries_may_be_asked_to_say_more(written: Written):
    with written.open(level="error") as log, capturing(log, {"cortex_test.library": "debug"}):
        logging.getLogger("cortex_test.library.part").debug("asked for")
        logging.getLogger("cortex_test.library").info("asked for, too")
        logging.getLogger("cortex_test.library_of_others").warning("not asked for")
    assert [line["message"] for line in written.lines] == ["asked for", "asked for, too"]
    assert logging.getLogger("cortex_test.library").level == logging.NOTSET


def test_a_signal_switches_to_debug_and_back(written: Written):
    before = signal.getsignal(SWITCH)
    with written.open(level="warning") as log, switching(log):
        telemetry = LogTelemetry(log)
        for _ in range(3):
            telemetry.log("said", level="debug")
            signal.raise_signal(SWITCH)
    assert [(line["event"], line.get("now")) for line in written.lines] == [
        ("log.level", "debug"),
        ("said", None),
        ("log.level", "warning"),
        ("log.level", "debug"),
    ]
    assert signal.getsignal(SWITCH) is before
