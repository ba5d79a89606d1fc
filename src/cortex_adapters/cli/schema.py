"""`cortex db upgrade`, `downgrade`, `status` and `check`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final

import msgspec

from cortex_adapters.cli.endings import ASKED_WRONGLY, FAILED, CommandError
from cortex_adapters.migrations import SchemaStatus, Step, way_back
from cortex_adapters.server import Database, database, naming
from cortex_adapters.settings import load_settings

Act = Callable[[Namespace, Database, str], Coroutine[None, None, "SchemaLine"]]


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step, as JSON."""

    number: int
    name: str

    def __str__(self) -> str:
        return f"{self.number:04} {self.name}"


class PlannedLine(StepLine, frozen=True, kw_only=True):
    """One step that a call without `--dry-run` would take, or take back."""

    transaction: bool
    sql: str

    def __str__(self) -> str:
        how = "in one transaction" if self.transaction else "in no transaction"
        return f"-- step {StepLine.__str__(self)}, {how}\n{self.sql.rstrip()}\n"


class SchemaLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a schema stands, as JSON; *applied* and *reverted* are what this call did."""

    database: str
    current: int
    latest: int
    pending: Sequence[StepLine]
    ahead: Sequence[StepLine] = ()
    applied: Sequence[StepLine] | None = None
    reverted: Sequence[StepLine] | None = None
    planned: Sequence[PlannedLine] | None = None
    differences: Sequence[str] | None = None


def run(asked: Namespace) -> int:
    """Do what was asked of the schema, and say where it stands then."""
    url = load_settings(os.environ).database_url
    act = _ACTS[asked.step]
    with naming(url):
        line = asyncio.run(act(asked, database(url), str(url)))
    print(msgspec.json.encode(line).decode() if asked.json else _shown(line))
    return FAILED if line.differences else 0


async def _upgrade(asked: Namespace, chosen: Database, url: str) -> SchemaLine:
    if asked.dry_run:
        status = await chosen.status()
        planned = [_planned(step, step.sql, alone=step.alone) for step in status.pending]
        return _line(url, status, planned=planned)
    applied = await chosen.upgrade()
    return _line(url, await chosen.status(), applied=_lines(applied))


async def _downgrade(asked: Namespace, chosen: Database, url: str) -> SchemaLine:
    status = await chosen.status()
    back = _asked_back(status, asked)
    if asked.dry_run:
        planned = [_planned(step, step.down or "") for step in back]
        return _line(url, status, planned=planned)
    reverted = await chosen.downgrade(asked.to, losing=asked.lose)
    return _line(url, await chosen.status(), reverted=_lines(reverted))


async def _status(_: Namespace, chosen: Database, url: str) -> SchemaLine:
    return _line(url, await chosen.status())


async def _check(_: Namespace, chosen: Database, url: str) -> SchemaLine:
    return _line(url, await chosen.status(), differences=list(await chosen.check()))


_ACTS: Final[Mapping[str, Act]] = {
    "upgrade": _upgrade,
    "downgrade": _downgrade,
    "status": _status,
    "check": _check,
}


def _asked_back(status: SchemaStatus, asked: Namespace) -> Sequence[Step]:
    """Return the steps to take back, once it is clear that this is what is wanted."""
    if not 0 <= asked.to <= status.current:
        raise CommandError(f"--to: the schema stands at step {status.current}.", code=ASKED_WRONGLY)
    back = way_back(status, asked.to, losing=True)
    lost = [f"{step}: {step.loses}" for step in back if step.loses]
    if lost and not asked.lose:
        said = "\n  ".join(["this would be lost; with --lose it is done all the same:", *lost])
        raise CommandError(said, code=ASKED_WRONGLY)
    return back


def _line(
    url: str,
    status: SchemaStatus,
    *,
    applied: Sequence[StepLine] | None = None,
    reverted: Sequence[StepLine] | None = None,
    planned: Sequence[PlannedLine] | None = None,
    differences: Sequence[str] | None = None,
) -> SchemaLine:
    return SchemaLine(
        database=url,
        current=status.current,
        latest=status.latest,
        pending=_lines(status.pending),
        ahead=tuple(StepLine(number=each.number, name=each.name) for each in status.ahead),
        applied=applied,
        reverted=reverted,
        planned=planned,
        differences=differences,
    )


def _shown(line: SchemaLine) -> str:
    if line.planned is not None:
        return "\n".join(map(str, line.planned)) or "-- nothing to do"
    stands = "and pending:" if line.pending else "up to date"
    return "\n".join(
        [
            *(f"applied {step}" for step in line.applied or ()),
            *(f"took back {step}" for step in line.reverted or ()),
            f"{line.database}: step {line.current} of {line.latest}, {stands}",
            *(f"  {step}" for step in line.pending),
            *(f"  {step} is of a later release; this one runs on it" for step in line.ahead),
            *(line.differences or ()),
            *(["as its steps make it"] if line.differences == [] else ()),
        ]
    )


def _planned(step: Step, sql: str, *, alone: bool = False) -> PlannedLine:
    return PlannedLine(number=step.number, name=step.name, transaction=not alone, sql=sql)


def _lines(steps: Sequence[Step]) -> Sequence[StepLine]:
    return [StepLine(number=step.number, name=step.name) for step in steps]
