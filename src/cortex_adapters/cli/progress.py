"""How far a move is: a bar for people, lines of JSON for anything else."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Final

import msgspec

from cortex_adapters.moving.report import Step

_WIDTH: Final = 24
_EVERY: Final = 0.2
_EVERY_LINE: Final = 1.0


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """How far a table is, as JSON; *left* is in seconds."""

    phase: str
    table: str
    rows: int
    total: int
    rate: int
    left: float | None


class Progress:
    """Tells of steps: on stderr to a terminal, else as JSON, and only so often."""

    def __init__(self, *, json: bool) -> None:
        self.json = json or not sys.stdout.isatty()
        self._bar = not json and sys.stderr.isatty()
        self._of = ("", "")
        self._began = self._told = monotonic()
        self._first = 0
        self._shown = False

    def tell(self, step: Step) -> None:
        """Tell of *step*, unless something was told a moment ago."""
        now = monotonic()
        if self._of != (step.phase, step.table):
            self._of = (step.phase, step.table)
            self._began, self._first = now, 0
        last = step.rows >= step.total
        if now - self._told < (_EVERY if self._bar else _EVERY_LINE) and not last:
            return
        self._told = now
        spent = now - self._began
        rate = (step.rows - self._first) / spent if spent else 0.0
        left = (step.total - step.rows) / rate if rate else None
        if self._bar:
            self._draw(step, rate, left)
        elif self.json:
            line = StepLine(
                phase=step.phase,
                table=step.table,
                rows=step.rows,
                total=step.total,
                rate=round(rate),
                left=None if left is None else round(left, 1),
            )
            print(msgspec.json.encode(line).decode(), flush=True)

    def end(self) -> None:
        """Leave the line of the bar."""
        if self._shown:
            print(file=sys.stderr)
            self._shown = False

    def _draw(self, step: Step, rate: float, left: float | None) -> None:
        part = step.rows / step.total if step.total else 1.0
        bar = ("#" * round(min(part, 1) * _WIDTH)).ljust(_WIDTH, ".")
        time = "" if left is None else f", {left:.0f} s left"
        words = f"{step.phase:7} {step.table:14} [{bar}] {step.rows:,}, {rate:,.0f}/s{time}"
        print(f"\r\x1b[2K{words}", end="", file=sys.stderr, flush=True)
        self._shown = True
