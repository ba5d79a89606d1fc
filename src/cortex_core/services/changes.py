"""What a change leaves of the thing it changes."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from cortex_core.domain.errors import StaleVersionError
from cortex_core.domain.metadata import merge_patch

T = TypeVar("T")


def changed(value: T | UnsetType, current: T) -> T:
    """Return *value*, or *current* where it is unset."""
    return current if isinstance(value, UnsetType) else value


def changed_text(value: str | None | UnsetType, current: str) -> str:
    """Return *value*, *current* where it is unset, or nothing where it is null."""
    return current if isinstance(value, UnsetType) else value or ""


def changed_metadata(
    value: dict[str, object] | None | UnsetType, current: dict[str, object]
) -> dict[str, object]:
    """Return *current* with *value* merged into it (RFC 7396); null empties it."""
    if value is UNSET or isinstance(value, UnsetType):
        return current
    return {} if value is None else merge_patch(current, value)


def same(before: msgspec.Struct, after: msgspec.Struct) -> bool:
    """Say whether a change changed nothing; as JSON, where 1, 1.0 and true are three things."""
    return msgspec.json.encode(before) == msgspec.json.encode(after)


def require_version(current: int, expected: int | None) -> None:
    """Raise StaleVersionError if a version is *expected* and it is not the *current* one."""
    if expected is not None and expected != current:
        raise StaleVersionError
