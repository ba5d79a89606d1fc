"""Unexpected failures, kept for whoever asks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from cortex_core.domain.ids import NewId, Uuid7

KEPT: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One failure."""

    incident: str
    operation: str
    error: BaseException


class MemoryErrorReporter:
    """Keeps the newest reports."""

    def __init__(self, new_id: NewId | None = None) -> None:
        self._new_id = new_id or Uuid7()
        self.reports: deque[Report] = deque(maxlen=KEPT)

    def report(self, error: BaseException, *, operation: str) -> str:
        incident = self._new_id()
        self.reports.append(Report(incident=incident, operation=operation, error=error))
        return incident
