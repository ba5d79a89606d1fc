"""Where unexpected failures go."""

from __future__ import annotations

from typing import Protocol


class ErrorReporter(Protocol):
    """Takes note of failures that nobody planned for."""

    def report(self, error: BaseException, *, operation: str) -> str:
        """Record *error* and return an incident id that the caller may quote.

        Never raises and never blocks.
        """
        ...
