"""What every problem owes its reader."""

from typing import Any
from uuid import UUID

from cortex_core.domain.errors import catalogue
from tests.unit.litestar.asgi import Answer

TITLES = {entry.code: entry.title for entry in catalogue()}
RETRYABLE = {entry.code: entry.retryable for entry in catalogue()}
MEMBERS = {
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "correlation_id",
    "retryable",
    "errors",
}


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Return the problem in *answer*, and see that all of it is in order (RFC 9457)."""
    assert (answer.status, answer.header("content-type")) == (
        status,
        "application/problem+json",
    ), answer
    found: dict[str, Any] = answer.json()
    assert found.keys() == MEMBERS
    assert (found["status"], found["code"]) == (status, code), found
    assert found["type"] == f"https://docs.example/errors#{code}"
    assert found["title"] == TITLES[code]
    assert found["detail"]
    assert UUID(found["instance"]).urn == found["instance"]
    assert found["correlation_id"] == answer.header("x-correlation-id")
    assert found["retryable"] is RETRYABLE[code]
    assert (answer.header("retry-after") is not None) is found["retryable"]
    assert answer.header("cache-control") == "no-store"
    assert bool(found["errors"]) is (code == "invalid-input")
    return found


def pointers(answer: Answer) -> list[str]:
    """Return what the faults of a 422 point at."""
    return [fault["pointer"] for fault in problem(answer, 422, "invalid-input")["errors"]]
