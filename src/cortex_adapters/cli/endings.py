"""How a command ends that did not do what was asked."""

from __future__ import annotations

import os
import sys
from typing import Final

from cortex_adapters.cli.remedies import explained
from cortex_adapters.settings import load_settings
from cortex_adapters.telemetry.errors import LogErrorReporter
from cortex_adapters.telemetry.logs import open_log
from cortex_core.domain.errors import (
    CortexError,
    InternalError,
    InvalidInputError,
    SettingsError,
)

FAILED: Final = 1
ASKED_WRONGLY: Final = 2

_EXTRAS: Final = {
    "aiosqlite": "sqlite",
    "psycopg": "postgres",
    **dict.fromkeys(("cryptography", "httptools", "jwt", "litestar", "uvicorn"), "server"),
}


class CommandError(Exception):
    """A command failed for a reason of its own, which the message says in one line."""

    def __init__(self, message: str, *, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def failed(error: CommandError) -> int:
    """Say why, and return the exit code."""
    _say(str(error))
    return error.code


def refused(error: CortexError) -> int:
    """Say what the catalogue says of *error*, and return the exit code."""
    if isinstance(error, SettingsError):
        _say(f"{error.title}:", *(f"  {fault}" for fault in error.faults), error.remedy)
    else:
        _say(f"{error.title}: {error}", *explained(error, cause=_shows_causes()))
    return ASKED_WRONGLY if isinstance(error, SettingsError | InvalidInputError) else FAILED


def missing(error: ModuleNotFoundError, command: str) -> int:
    """Name the extra that brings what is not installed, and return the exit code."""
    extra = _EXTRAS.get((error.name or "").partition(".")[0])
    if extra is None:
        return broke(error, command)
    _say(f"this needs {error.name}, which is not installed: pip install 'cortex-core[{extra}]'")
    return FAILED


def broke(error: Exception, command: str) -> int:
    """Log what nobody planned for under an incident id, say that id, and return the exit code."""
    with open_log(json=_logs_json()) as log:
        incident = LogErrorReporter(log).report(error, operation=f"cli.{command}")
    return refused(InternalError(incident))


def _say(first: str, *more: str) -> None:
    print("\n".join([f"cortex: {first}", *more]), file=sys.stderr)


def _shows_causes() -> bool:
    try:
        return load_settings(os.environ).development
    except SettingsError:
        return False


def _logs_json() -> bool:
    try:
        return load_settings(os.environ).log_format == "json"
    except SettingsError:
        return False
