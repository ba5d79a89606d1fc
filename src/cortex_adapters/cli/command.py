"""Reads what was asked, runs it, and ends with 0, 1 (it failed) or 2 (asked wrongly)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from cortex_adapters.cli.endings import CommandError, broke, failed, missing, refused
from cortex_adapters.cli.parser import parser
from cortex_core.domain.errors import CortexError

_INTERRUPTED = 130


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = parser().parse_args(arguments)
    try:
        # A command's module is imported when it is run, so that help and mistakes are quick.
        code: int = import_module(asked.module).run(asked)
        sys.stdout.flush()
    except CommandError as error:
        return failed(error)
    except CortexError as error:
        return refused(error)
    except ModuleNotFoundError as error:
        return missing(error, asked.command)
    except BrokenPipeError:
        # Whoever read our output has enough; what Python would still flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line before the shell
        return broke(error, asked.command)
    return code
