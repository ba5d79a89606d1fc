"""What we work with is busy, too slow, or away."""

from __future__ import annotations

import math
from typing import ClassVar

from cortex_core.domain.errors.base import Category, CortexError, Severity


class BusyError(CortexError):
    """Another transaction holds what this one needs."""

    code = "busy"
    title = "Busy"
    remedy = "Try again in a moment."
    retryable = True
    severity = "warning"
    category = "storage"
    operator = "If it goes on, look for long transactions and for locks in the database."
    runbook = "CortexLatencyHigh"


class CollisionError(BusyError):
    """Others changed the same things at the same moment; this change was undone as a whole."""

    code = "collision"
    title = "Collision"
    operator = "If it goes on, look in traces which operations undo each other."


class DeadlineError(CortexError):
    """The work took longer than it may, and was undone."""

    code = "timeout"
    title = "Timeout"
    remedy = "Try again in a moment."
    retryable = True
    severity = "warning"
    category = "dependency"
    operator = "If it goes on, look which statements are slow, and what they wait for."
    runbook = "CortexLatencyHigh"


class OverloadedError(CortexError):
    """There is more work than can be taken on at the moment."""

    code = "overloaded"
    title = "Overloaded"
    remedy = "Try again in a moment."
    retryable = True
    severity = "warning"
    category = "rate limit"
    operator = "Look whether the pool, the streams or the connections are at their limit."
    runbook = "CortexPoolSaturated"


class UnavailableError(CortexError):
    """A system that this one depends on cannot be reached."""

    code = "dependency-unavailable"
    title = "Dependency unavailable"
    remedy = "Try again in a moment; if this goes on, look whether that system runs."
    retryable: ClassVar[bool] = True
    severity: ClassVar[Severity] = "error"
    category: ClassVar[Category] = "dependency"
    operator = "Look which check of readiness fails, and whether that system runs."
    runbook = "CortexDatabaseDown"


class IdentityUnavailableError(UnavailableError):
    """Credentials cannot be checked at the moment; this one may well be valid."""

    code = "identity-unavailable"
    title = "Identity provider unavailable"
    remedy = "Keep the credential and try again in a moment."
    operator = "Look at `identity.keys_not_fetched` in the log, and whether the tenant answers."
    runbook = "CortexIdentityDown"

    def __init__(self, detail: str = "", *, retry_after: float = 1) -> None:
        super().__init__(detail)
        self.retry_after = max(1, math.ceil(retry_after)) if math.isfinite(retry_after) else 1


class OutcomeUnknownError(UnavailableError):
    """The connection was lost during the commit: the change may or may not be there."""

    code = "outcome-unknown"
    title = "Outcome unknown"
    remedy = "Read what is there now; repeat the request only if the change is missing."
    retryable = False
    category = "storage"
    operator = "Look why connections to the database break."
