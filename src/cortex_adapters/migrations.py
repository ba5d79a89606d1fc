"""Numbered schema steps: read from an adapter's package, compared with a database's ledger."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

import msgspec

from cortex_core.domain.errors import SchemaError, SchemaUnknownError

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: `0001_initial.sql` is number 1, named initial."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the step's text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger: a step that the database has taken."""

    number: int
    name: str
    checksum: str


class SchemaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a database stands: its version, this release's, and the steps between."""

    current: int
    latest: int
    pending: Sequence[Step]


def load_steps(package: str) -> Sequence[Step]:
    """Return the steps among the files of *package*, in order, numbered from 1 without a gap."""
    found = sorted(
        (int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in files(package).iterdir()
        if (match := _FILE.fullmatch(entry.name))
    )
    if [number for number, _, _ in found] != list(range(1, len(found) + 1)):
        raise SchemaError(f"The steps in {package} are not numbered from 1 without a gap.")
    return [Step(number=number, name=name, sql=sql) for number, name, sql in found]


def compare(steps: Sequence[Step], ledger: Sequence[Applied]) -> SchemaStatus:
    """Say which of *steps* a database with this *ledger* still needs.

    Raises:
        SchemaUnknownError: A step was changed after it was applied, or the database is ahead.
    """
    known = {step.number: step for step in steps}
    for line in ledger:
        step = known.get(line.number)
        if step is None:
            raise SchemaUnknownError(
                f"The database has step {line.number} ({line.name}), which this release does not "
                "know."
            )
        if step.checksum != line.checksum:
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
    )


def require_current(status: SchemaStatus) -> None:
    """Raise SchemaError unless nothing is pending."""
    if status.pending:
        raise SchemaError(
            f"The schema of the database is at step {status.current} and this release needs "
            f"{status.latest}."
        )
