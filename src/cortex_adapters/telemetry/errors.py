"""Unexpected failures, in the log."""

from __future__ import annotations

import re
from contextlib import suppress
from traceback import TracebackException, format_tb
from typing import Final

from cortex_adapters.telemetry.lines import LONGEST_BLOCK, Record, now, shortened
from cortex_adapters.telemetry.logs import Log
from cortex_adapters.telemetry.redaction import HIDDEN, redacted
from cortex_core.domain.errors import CortexError, UnavailableError
from cortex_core.domain.ids import NewId, Uuid7

_FRAMES: Final = 40
_MEMBERS: Final = 5
_LONGEST: Final = 300
_FRAME: Final = re.compile(r'[\s|]*File "[^"\n]*", line \d+, in ')
_ROW: Final = re.compile(r"^([\s|]*(?:DETAIL|CONTEXT):).*", re.DOTALL | re.MULTILINE)


class LogErrorReporter:
    """Writes each failure with its traceback, under an incident id."""

    def __init__(self, log: Log, new_id: NewId | None = None) -> None:
        self._log = log
        self._new_id = new_id or Uuid7()

    def report(self, error: BaseException, *, operation: str) -> str:
        incident = self._new_id()
        with suppress(Exception):
            attributes = {"incident": incident, "operation": operation, "error": _name(error)}
            self._log.write(
                Record(
                    at=now(),
                    level="error",
                    event="incident",
                    attributes=attributes,
                    block=told(error),
                )
            )
        return incident


def told(error: BaseException) -> str:
    """Return *error* with its traceback and causes: innermost frames, a few members of a group.

    An error that cannot be put into words, because its own code fails, is told by its frames.
    """
    try:
        words = TracebackException(
            type(error),
            error,
            error.__traceback__,
            limit=-_FRAMES,
            max_group_width=_MEMBERS,
            max_group_depth=_MEMBERS,
        )
        return "".join(_without_secrets(piece) for piece in words.format())
    except Exception:  # noqa: BLE001 - hostile or broken, it is reported
        return _frames(error) + f"{_name(error)}: its own words fail"


def said_by_vendor(error: CortexError) -> str:
    """Return what the system that is away said itself, for the operator, in one line.

    Of no other error is the cause shown.
    """
    cause: BaseException | None = error if isinstance(error, UnavailableError) else None
    while isinstance(cause, CortexError):
        cause = cause.__cause__
    if cause is None or (isinstance(cause, OSError) and str(cause.strerror) in str(error)):
        return ""
    return _in_one_line(str(cause))


def said_by_cause(error: CortexError) -> str:
    """Return what *error* goes back to, in one line, for whoever develops or operates.

    Where that is an error of our own, it is what that says beyond its meaning.
    """
    cause: BaseException = error
    while isinstance(cause, CortexError):
        if cause.__cause__ is None:
            return "" if str(cause) == cause.meaning() else _in_one_line(str(cause))
        cause = cause.__cause__
    try:
        return _in_one_line(f"{_name(cause)}: {cause}")
    except Exception:  # noqa: BLE001 - its own words fail
        return _name(cause)


def _in_one_line(text: str) -> str:
    # twice the length, because what is hidden may be longer than what is said instead
    text = _without_rows(text[: 4 * _LONGEST])
    return redacted(" ".join(text.split())[: 2 * _LONGEST])[:_LONGEST]


def _without_rows(text: str) -> str:
    """Return *text* without the row that PostgreSQL shows where it refuses one."""
    return _ROW.sub(rf"\1 {HIDDEN}\n", text)


def _without_secrets(piece: str) -> str:
    """Return a *piece* of a traceback without them; a frame shows code, and no values."""
    if _FRAME.match(piece):
        return piece
    return redacted(_without_rows(shortened(piece, LONGEST_BLOCK)))


def _frames(error: BaseException) -> str:
    try:
        return "".join(format_tb(error.__traceback__, limit=-_FRAMES))
    except Exception:  # noqa: BLE001 - hostile or broken, it is reported
        return ""


def _name(error: BaseException) -> str:
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}"
