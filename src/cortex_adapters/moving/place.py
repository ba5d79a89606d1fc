"""Whether a database has its data, as its state of a move says: two must not both have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cortex_core.domain.errors import MovedError

RESTORING: Final = "restoring"


def require_here(state: Mapping[str, str]) -> None:
    """Raise MovedError unless a server may serve what is here."""
    if state.get("phase") == "moved":
        raise MovedError(f"The data has moved to {state.get('to', 'another database')}.")
    if state.get("phase") == RESTORING:
        raise MovedError("A restore into this database has not ended: drop it, and begin anew.")
    if state.get("role") == "target":
        raise MovedError("A move into this database has not ended.")


def require_still(state: Mapping[str, str]) -> None:
    """Raise MovedError while a move has to do with the database: its schema must not change."""
    require_here(state)
    if state:
        raise MovedError("A move from this database has not ended.")
