"""What the repositories of one unit of work share."""

from __future__ import annotations

from collections.abc import Callable

from cortex_adapters.memory.tables import Tables
from cortex_core.domain.errors import StorageReadOnlyError


class Transaction:
    """Gives each repository call the tables it may read or change.

    *draft* is what this unit changes, or None where it may change nothing; *committed* returns
    what others have left.
    """

    def __init__(
        self, committed: Callable[[], Tables], draft: Tables | None, *, single: bool
    ) -> None:
        self._committed = committed
        self._draft = draft
        self._single = single
        self._calls = 0
        self._ended = False

    def reading(self) -> Tables:
        self._count()
        return self._committed() if self._draft is None else self._draft

    def writing(self) -> Tables:
        self._count()
        if self._draft is None:
            raise StorageReadOnlyError
        return self._draft

    def end(self) -> None:
        self._ended = True

    def _count(self) -> None:
        self._calls += 1
        if self._ended:
            raise RuntimeError("This unit of work has ended.")
        if self._single and self._calls > 1:
            raise RuntimeError("A single unit of work makes one call.")
