"""The entry: it can be told to leave before anything slow is imported."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = sys.argv[1:] if arguments is None else arguments
    if asked[:1] == ["serve"]:
        # until the server has its own: nothing is open yet, and nobody needs to be seen out
        signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
    from cortex_adapters.cli.command import run  # noqa: PLC0415 - slow

    return run(asked)


if __name__ == "__main__":
    sys.exit(main())
