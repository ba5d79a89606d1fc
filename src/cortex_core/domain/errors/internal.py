"""What is ours to mend."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_core.domain.errors.base import CortexError


class SettingsError(CortexError):
    """The settings do not allow a start."""

    code = "invalid-settings"
    title = "Invalid settings"
    remedy = "Correct each setting that is named."
    severity = "error"
    operator = "`cortex check` lists what is wrong."

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class TurnAbandonedError(CortexError):
    """The answer was begun several times and never finished."""

    code = "turn-abandoned"
    title = "Turn abandoned"
    remedy = "Post the message again; if this repeats, report it to the operator."
    severity = "error"
    operator = "Look in the log for what ended its attempts, by its correlation id."
    runbook = "CortexTurnsStuck"


class InternalError(CortexError):
    """Something broke that nobody planned for."""

    severity = "error"
    operator = "Look for the incident's id in the log: the traceback is there."
    runbook = "CortexIncidents"

    def __init__(self, incident: str) -> None:
        super().__init__(f"Something broke that nobody planned for. Incident: {incident}")
        self.incident = incident
