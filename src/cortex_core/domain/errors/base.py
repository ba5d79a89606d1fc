"""What every entry of the catalogue has."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

Severity = Literal["info", "warning", "error", "critical"]
Category = Literal[
    "validation",
    "authentication",
    "authorization",
    "not found",
    "conflict",
    "rate limit",
    "dependency",
    "storage",
    "internal",
]


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with one field; *pointer* is a JSON Pointer (RFC 6901)."""

    pointer: str
    code: str
    message: str


class CortexError(Exception):
    """Something went wrong.

    operator: what whoever runs the server does about it; empty where it is the caller's alone.
    runbook: the alert that tells of it, if there is one.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    remedy: ClassVar[str] = "Report the correlation id to the operator."
    operator: ClassVar[str] = ""
    runbook: ClassVar[str] = ""
    category: ClassVar[Category] = "internal"
    retryable: ClassVar[bool] = False
    """Whether the same request may be sent again as it is, and may succeed then."""
    severity: ClassVar[Severity] = "info"
    retry_after: int = 1
    """Whole seconds until it is worth trying again, where it is `retryable`."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).meaning())

    @classmethod
    def meaning(cls) -> str:
        """Return what this entry means, as its docstring says it."""
        first, *_ = (cls.__doc__ or "").split("\n\n")
        return " ".join(first.split())
