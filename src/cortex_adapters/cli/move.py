"""`cortex db move`."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from cortex_adapters.cli.endings import ASKED_WRONGLY, CommandError, refused
from cortex_adapters.cli.progress import Progress
from cortex_adapters.moving.fitness import Finding
from cortex_adapters.moving.move import Move
from cortex_adapters.moving.report import (
    Copied,
    Difference,
    Exit,
    Followed,
    Outcome,
    Plan,
    Released,
    Switched,
    Verdict,
    exit_of,
)
from cortex_adapters.server import Hold, open_move
from cortex_adapters.settings import DatabaseUrl, database_url
from cortex_core.domain.errors import BusyError, ConflictError, CortexError, MovedError, SchemaError

_SHOWN: Final = 20
# Who gives up may have lost the target.
_HOLD: Final[Mapping[str | None, Hold]] = {"plan": "none", "abort": "source"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How a phase ended, as JSON."""

    phase: str
    exit: int
    outcome: Outcome


def run(asked: Namespace) -> int:
    """Do one phase of a move, or all; end with 0, or a number that says what is in the way."""
    source, target = _url(asked.source), _url(asked.target)
    if asked.phase == "back":
        source, target = target, source
    progress = Progress(json=asked.json)
    try:
        return asyncio.run(_do(asked.phase, source, target, progress))
    except ConflictError as error:
        raise CommandError(str(error)) from error
    except (BusyError, SchemaError, MovedError) as error:
        refused(error)
        return _code(error)
    finally:
        progress.end()


def _url(text: str) -> DatabaseUrl:
    try:
        return database_url(text)
    except ValueError as error:
        raise CommandError(f"the address of a database {error}", code=ASKED_WRONGLY) from error


def _code(error: CortexError) -> Exit:
    if isinstance(error, BusyError):
        return Exit.LOCKED if "another " in str(error) else Exit.FAILED
    return Exit.DIRTY


async def _do(
    phase: str | None, source: DatabaseUrl, target: DatabaseUrl, progress: Progress
) -> int:
    async with open_move(source, target, progress.tell, hold=_HOLD.get(phase, "both")) as move:
        for name, do in _phases(phase, move, left=phase is None and await move.left()):
            outcome = await do()
            code = exit_of(outcome)
            progress.end()
            if progress.json:
                line = Line(phase=name, exit=code, outcome=outcome)
                print(msgspec.json.encode(line).decode(), flush=True)
            else:
                print("\n".join(_lines(outcome)), flush=True)
            if code:
                return code
    return Exit.OK


def _phases(
    phase: str | None, move: Move, *, left: bool
) -> Iterator[tuple[str, Callable[[], Awaitable[Outcome]]]]:
    every: dict[str, Callable[[], Awaitable[Outcome]]] = {
        "plan": move.plan,
        "copy": move.copy,
        "follow": move.follow,
        "verify": move.verify,
        "cutover": move.cutover,
    }
    if phase == "abort":
        yield "abort", move.abort
    elif phase is not None and phase in every:
        yield phase, every[phase]
    elif left:
        yield "cutover", move.cutover
    else:
        yield from every.items()


def _lines(outcome: Outcome) -> Iterator[str]:
    match outcome:
        case Plan():
            yield from _plan(outcome)
        case Copied(rows=rows, seconds=seconds):
            yield f"copied {rows:,} rows in {seconds:.1f} s"
        case Followed(changes=changes, differences=differences):
            yield f"brought {changes:,} changes after"
            yield from (f"{each.table} {each.key} {each.what}" for each in differences[:_SHOWN])
        case Verdict():
            yield from _verdict(outcome)
        case Switched(frozen_seconds=seconds):
            yield f"done: writes were frozen for {seconds:.2f} s; start the server on the target"
        case Released(left=left):
            yield f"the source is as before; what was copied to {left} is of no use, drop it"


def _plan(plan: Plan) -> Iterator[str]:
    for table in plan.tables:
        yield f"{table.table:16} {table.rows:>12,} rows {table.bytes / 1e6:>10,.1f} MB"
    yield from _findings("would not survive", plan.lost, plan.more)
    yield from _findings("is not sound", plan.broken)
    if not plan.exit:
        yield "everything can go"


def _verdict(verdict: Verdict) -> Iterator[str]:
    for table in verdict.tables:
        same = "=" if table.source_hash == table.target_hash else "DIFFERS"
        yield (
            f"{table.table:16} {table.source_rows:>12,} rows {table.source_hash}  "
            f"{table.target_rows:>12,} rows {table.target_hash}  {same}"
        )
    for span in verdict.spans[:_SHOWN]:
        yield f"range of {span.table}, {span.first} to {span.last}: {span.source} {span.target}"
    shown: list[Difference] = list(verdict.differences[:_SHOWN])
    yield from (f"{each.table} {each.key} {each.what}" for each in shown)
    if more := len(verdict.differences) - len(shown) + verdict.more:
        yield f"and {more:,} more, which --json names"
    yield from _findings("stayed behind", verdict.quarantined)
    if verdict.ok:
        yield "both sides are the same"


def _findings(what: str, found: Sequence[Finding], more: int = 0) -> Iterator[str]:
    for each in found[:_SHOWN]:
        yield f"{what}: {each.table} {each.key} {each.column}: {each.reason}"
    if rest := len(found[_SHOWN:]) + more:
        yield f"and {rest:,} more, which --json names"
