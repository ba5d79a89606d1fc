"""The catalogue of errors as people read it: one entry, and the page of all in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from cortex_adapters.litestar.openapi.refusals import HEARD, statuses
from cortex_core.domain.errors import Category, CortexError, Severity, catalogue

_ELSEWHERE: Final = {
    "invalid-settings": "Never over HTTP: it ends a command, or the start of a server.",
    "lease-lost": "Never over HTTP: it passes between the workers that answer turns.",
    "turn-abandoned": "Not as an answer: it is told in a `turn.failed` event.",
}
_INTRODUCTION: Final = """\
# Errors

<!-- Made from the code by `make docs-tables`; change the catalogue, not this page. -->

An answer that is an error is a problem document (RFC 9457). Its `code` is one of these, for good;
`detail` says what happened this time; `correlation_id` is what the operator needs to find it in the
log. In development `cause` says what failed, in its own words, where the failure is the server's. A
running server has the same at `/docs/errors`, and `cortex explain CODE` prints it.
"""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue; *answered* is its HTTP status, or where else it is told."""

    code: str
    title: str
    category: Category
    severity: Severity
    meaning: str
    remedy: str
    operator: str
    runbook: str
    retryable: bool
    answered: str


def explain(kind: type[CortexError]) -> Explained:
    """Return what the catalogue says of *kind*."""
    answered = " or ".join(str(status) for status in statuses(kind)) if kind in HEARD else ""
    return Explained(
        code=kind.code,
        title=kind.title,
        category=kind.category,
        severity=kind.severity,
        meaning=kind.meaning(),
        remedy=kind.remedy,
        operator=kind.operator,
        runbook=kind.runbook,
        retryable=kind.retryable,
        answered=answered or _ELSEWHERE[kind.code],
    )


def markdown() -> str:
    """Return the page of all errors."""
    return "\n".join([_INTRODUCTION, *_entries(), ""])


def _entries() -> Iterator[str]:
    entries = sorted((explain(kind) for kind in catalogue()), key=lambda entry: entry.code)
    yield "| code | category | status | worth trying again |"
    yield "|---|---|---|---|"
    for entry in entries:
        again = "yes" if entry.retryable else "no"
        yield f"| [`{entry.code}`](#{entry.code}) | {entry.category} | {entry.answered} | {again} |"
    for entry in entries:
        yield f"\n## {entry.code}\n"
        yield f"**{entry.title}.** {entry.meaning}\n"
        yield f"- The caller: {entry.remedy}"
        if entry.operator:
            yield f"- The operator: {entry.operator}"
        if entry.runbook:
            yield f"- The alert: [{entry.runbook}](../runbooks/{entry.runbook}.md)"
