"""`cortex db upgrade` and `cortex db status`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Sequence

import msgspec

from cortex_adapters.migrations import SchemaStatus, Step
from cortex_adapters.server import database, naming
from cortex_adapters.settings import Settings, load_settings


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step, as JSON."""

    number: int
    name: str


class SchemaLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a schema stands, as JSON; *applied* is what this call did."""

    database: str
    current: int
    latest: int
    pending: Sequence[StepLine]
    applied: Sequence[StepLine] | None = None


def run(asked: Namespace) -> int:
    """Apply what is pending if that was asked; say where the schema stands."""
    settings = load_settings(os.environ)
    with naming(settings.database_url):
        applied, status = asyncio.run(_look(settings, upgrade=asked.step == "upgrade"))
    if asked.json:
        line = SchemaLine(
            database=str(settings.database_url),
            current=status.current,
            latest=status.latest,
            pending=_lines(status.pending),
            applied=None if applied is None else _lines(applied),
        )
        print(msgspec.json.encode(line).decode())
    else:
        _print(settings, applied or (), status)
    return 0


async def _look(settings: Settings, *, upgrade: bool) -> tuple[Sequence[Step] | None, SchemaStatus]:
    chosen = database(settings.database_url)
    applied = await chosen.upgrade() if upgrade else None
    return applied, await chosen.status()


def _print(settings: Settings, applied: Sequence[Step], status: SchemaStatus) -> None:
    for step in applied:
        print(f"applied {_shown(step)}")
    print(f"{settings.database_url}: step {status.current} of {status.latest}", end="")
    print(", and pending:" if status.pending else ", up to date")
    for step in status.pending:
        print(f"  {_shown(step)}")


def _shown(step: Step) -> str:
    return f"{step.number:04} {step.name}"


def _lines(steps: Sequence[Step]) -> Sequence[StepLine]:
    return [StepLine(number=step.number, name=step.name) for step in steps]
