"""What an `ErrorReporter` must do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Final

import pytest

from cortex_core.ports import ErrorReporter


class _UnspeakableError(Exception):
    def __repr__(self) -> str:
        raise ValueError("no words for this")

    __str__ = __repr__


class _EvasiveError(Exception):
    def __getattribute__(self, name: str) -> object:
        if name.startswith("__") and name not in {"__notes__", "__cause__"}:
            return super().__getattribute__(name)
        raise AttributeError(name)


_MANY: Final = 5_000
"""Reports; more than any sink is kept waiting."""
_AT_ONCE: Final = 0.5
"""Seconds within which a report returns on a machine that is busy with other things."""
_PATIENCE: Final = 60.0
"""Seconds for all of them."""


def _raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - it is ours
        return caught


def _cyclic() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    one.__context__, other.__context__ = other, one
    return one


def _recursive() -> BaseException:
    def deeper(n: int) -> int:
        return deeper(n + 1) + 1

    try:
        deeper(0)
    except RecursionError as error:
        return error
    raise AssertionError


def _noted() -> BaseException:
    error = ValueError("noted")
    error.add_note("\ud800\x00")
    vars(error)["__notes__"] = [_UnspeakableError(), None]
    return error


HOSTILE: Final[dict[str, Callable[[], BaseException]]] = {
    "plain": lambda: _raised(ValueError("plain")),
    "never raised": lambda: ValueError("never raised"),
    "no words": lambda: _raised(_UnspeakableError()),
    "evasive": lambda: _raised(_EvasiveError("evasive")),
    "cyclic cause": _cyclic,
    "chain of a thousand": lambda: _chain(1_000),
    "a megabyte": lambda: _raised(ValueError("x" * (1 << 20))),
    "a megabyte of astral": lambda: _raised(ValueError("\N{PILE OF POO}" * (1 << 18))),
    "unstorable text": lambda: _raised(ValueError("a\x00b\ud800c\r\nd\x1b[31m")),
    "odd arguments": lambda: _raised(ValueError(object(), b"\xff", None, _UnspeakableError())),
    "odd notes": _noted,
    "deep": _recursive,
    "group": lambda: _raised(
        BaseExceptionGroup("group", [KeyError("k"), BaseExceptionGroup("g", [_UnspeakableError()])])
    ),
    "interrupt": lambda: _raised(KeyboardInterrupt()),
    "exit": lambda: _raised(SystemExit(3)),
    "generator exit": lambda: _raised(GeneratorExit()),
}


def _chain(length: int) -> BaseException:
    error = ValueError("first")
    for n in range(length):
        following = ValueError(f"after {n}")
        following.__cause__ = error
        error = following
    return error


class ErrorReporterContract:
    """Give it a fixture `reporter`: an error reporter, ready to use.

    Where reports go anywhere, give it `stuck_reporter`, too: one whose sink hangs.
    """

    @pytest.fixture
    def reporter(self) -> ErrorReporter:
        """Give an error reporter, ready to use."""
        raise NotImplementedError

    @pytest.fixture
    def stuck_reporter(self, reporter: ErrorReporter) -> ErrorReporter:
        """Give one whose sink takes nothing and never answers: a pipe nobody reads, a dead host."""
        return reporter

    @pytest.mark.parametrize("make_error", HOSTILE.values(), ids=HOSTILE.keys())
    def test_any_error_is_taken(
        self, reporter: ErrorReporter, make_error: Callable[[], BaseException]
    ) -> None:
        error = make_error()
        began = time.monotonic()
        for _ in range(10):
            _assert_quotable(reporter.report(error, operation="test.operation"))
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize(
        "operation", ["", "x" * 100_000, "a\x00b", "\ud800", "\N{PILE OF POO}", "a\r\nb {} %s"]
    )
    def test_any_operation_is_taken(self, reporter: ErrorReporter, operation: str) -> None:
        _assert_quotable(reporter.report(_raised(ValueError("plain")), operation=operation))

    def test_every_incident_has_its_own_id(self, reporter: ErrorReporter) -> None:
        error = _raised(ValueError("again"))
        incidents = {reporter.report(error, operation="test.operation") for _ in range(100)}
        assert len(incidents) == 100

    def test_a_sink_that_hangs_holds_nobody_up(self, stuck_reporter: ErrorReporter) -> None:
        """Not with the first report, nor when all that may wait for the sink waits."""
        error = _raised(ValueError("x" * 1_000))
        took: list[float] = []

        def report() -> None:
            for _ in range(_MANY):
                began = time.monotonic()
                stuck_reporter.report(error, operation="test.operation")
                took.append(time.monotonic() - began)

        # in a thread, because a report that never returns is to fail and not to hang
        reporting = threading.Thread(target=copy_context().run, args=(report,), daemon=True)
        reporting.start()
        reporting.join(_PATIENCE)
        assert len(took) == _MANY
        assert max(took) < _AT_ONCE

    def test_a_report_leaves_the_error_as_it_was(self, reporter: ErrorReporter) -> None:
        error = _raised(ValueError("mine"))
        traceback = error.__traceback__
        with pytest.raises(ValueError, match="mine") as caught:
            _report_and_raise(reporter, error)
        assert caught.value is error
        assert (error.args, error.__cause__, error.__context__) == (("mine",), None, None)
        assert traceback is not None
        assert not hasattr(error, "__notes__")


def _report_and_raise(reporter: ErrorReporter, error: BaseException) -> None:
    try:
        raise error
    except ValueError:
        _assert_quotable(reporter.report(error, operation="test.operation"))
        raise


def _assert_quotable(incident: str) -> None:
    assert 1 <= len(incident) <= 64
    assert incident.isascii()
    assert incident.isprintable()
    assert " " not in incident
