"""What a database says of its schema, compared with the steps that a release has."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cortex_adapters.migrations.steps import Step
from cortex_core.domain.errors import NoWayBackError, SchemaError, SchemaUnknownError


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger: a step that the database has taken.

    Code that knows no step after *runs* may run on what it made.
    """

    number: int
    name: str
    checksum: str
    runs: int


class SchemaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a database stands: its step, this release's, and the steps between.

    *taken* are those of this release's steps that the database has; *ahead* are steps of a later
    release that this one can live with.
    """

    current: int
    latest: int
    pending: Sequence[Step]
    taken: Sequence[Step] = ()
    ahead: Sequence[Applied] = ()


def compare(steps: Sequence[Step], ledger: Sequence[Applied]) -> SchemaStatus:
    """Say which of *steps* a database with this *ledger* still needs.

    Raises:
        SchemaUnknownError: A step was changed after it was applied, or the database is so far
            ahead that code which knows only *steps* must not run on it.
    """
    known = {step.number: step for step in steps}
    ahead = [line for line in ledger if line.number not in known]
    for line in ahead:
        if line.runs > len(steps):
            raise SchemaUnknownError(
                f"The database has step {line.number} ({line.name}), which this release does not "
                "know."
            )
    for line in ledger:
        step = known.get(line.number)
        if step is not None and step.checksum != line.checksum:
            raise SchemaUnknownError(
                f"Step {line.number} ({line.name}) was changed after it was applied. "
                "Restore the file as it was."
            )
    done = {line.number for line in ledger}
    if done != set(range(1, len(done) + 1)):
        raise SchemaUnknownError("The ledger of the database has a gap.")
    return SchemaStatus(
        current=max(done, default=0),
        latest=len(steps),
        pending=[step for step in steps if step.number not in done],
        taken=[step for step in steps if step.number in done],
        ahead=ahead,
    )


def require_current(status: SchemaStatus) -> None:
    """Raise SchemaError unless nothing is pending."""
    if status.pending:
        raise SchemaError(
            f"The schema of the database is at step {status.current} and this release needs "
            f"{status.latest}."
        )


def way_back(status: SchemaStatus, to: int, *, losing: bool = False) -> Sequence[Step]:
    """Return the steps to take back, last first, until the schema stands at step *to*.

    Raises:
        NoWayBackError: One of them has no way back, or loses what *losing* did not allow.
        SchemaUnknownError: The database has steps that this release does not know.
    """
    if status.ahead:
        newest = status.ahead[-1]
        raise SchemaUnknownError(
            f"The database has step {newest.number} ({newest.name}): only a release that knows "
            "it can take it back."
        )
    back = [step for step in reversed(status.taken) if step.number > to]
    for step in back:
        if step.down is None:
            raise NoWayBackError(f"There is no way back from step {step.number} ({step.name}).")
        if step.loses and not losing:
            raise NoWayBackError(
                f"Without step {step.number} ({step.name}) this is lost: {step.loses}."
            )
    return back
