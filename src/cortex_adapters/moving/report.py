"""What a move tells: while it goes on, and when it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

import msgspec

from cortex_adapters.moving.fitness import Finding


class Exit(IntEnum):
    """How a phase ended, for scripts."""

    OK = 0
    FAILED = 1
    WOULD_LOSE = 2
    MISMATCH = 3
    LOCKED = 4
    DIRTY = 5


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something was done to a table: *rows* of *total* so far, *size* bytes with this step."""

    phase: str
    table: str
    rows: int
    total: int
    size: int = 0


Tell = Callable[[Step], None]


class TablePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A table that would be moved."""

    table: str
    rows: int
    bytes: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a move would do; *lost* are the values that cannot go, *broken* what is not sound."""

    tables: Sequence[TablePlan]
    lost: Sequence[Finding]
    broken: Sequence[Finding]
    more: int = 0

    @property
    def exit(self) -> Exit:
        """Return what this means for a script."""
        if self.broken:
            return Exit.DIRTY
        return Exit.WOULD_LOSE if self.lost else Exit.OK


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is not the same on both sides, or on one side only."""

    table: str
    key: str
    what: str


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from *first* to *last* by key that are not the same on both sides."""

    table: str
    first: str
    last: str
    source: str
    target: str


class TableVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A table on both sides: how many rows, and the sum of their hashes."""

    table: str
    source_rows: int
    target_rows: int
    source_hash: str
    target_hash: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison of all rows found."""

    tables: Sequence[TableVerdict]
    spans: Sequence[Span] = ()
    differences: Sequence[Difference] = ()
    more: int = 0
    quarantined: Sequence[Finding] = ()
    sampled: int = 0

    @property
    def ok(self) -> bool:
        """Say whether both sides are the same."""
        return not self.spans and not self.differences and not self.quarantined

    @property
    def exit(self) -> Exit:
        """Return what this means for a script."""
        return Exit.OK if self.ok else Exit.MISMATCH


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What this run copied; *refused* counts the values that stayed behind."""

    rows: int
    seconds: float
    refused: int


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """How many changes were brought after; *differences* is what did not arrive as it is."""

    changes: int
    differences: Sequence[Difference] = ()


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """The target has the data now, and the source refuses to serve."""

    frozen_seconds: float
    changes: int


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The source is as if there had been no move; *left* names what has rows of it."""

    left: str


Outcome = Plan | Copied | Followed | Verdict | Switched | Released


def exit_of(outcome: Outcome) -> Exit:
    """Return what *outcome* means for a script."""
    match outcome:
        case Plan() | Verdict():
            return outcome.exit
        case Copied(refused=refused) if refused:
            return Exit.WOULD_LOSE
        case Followed(differences=differences) if differences:
            return Exit.MISMATCH
        case _:
            return Exit.OK
