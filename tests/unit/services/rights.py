"""Who may do what: each use case against each kind of person, and without its permission."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import pytest

from cortex_core import Principal
from cortex_core.domain.errors import (
    CortexError,
    NotFoundError,
    PermissionDeniedError,
    UserDisabledError,
)
from tests.unit.services.scene import Scene, disable, without

Ask = Callable[[Scene, Principal], Awaitable[object]]


class Right(NamedTuple):
    """A use case, its permission, and who may, by the first letters of what they are."""

    name: str
    ask: Ask
    permission: str
    may: str


_PEOPLE = {"o": "owner", "e": "editor", "v": "viewer", "g": "guest", "s": "stranger"}


def cases(rights: Sequence[Right], *, blind: str) -> list[object]:
    """Return use case, permission, person and the error it meets, for every pair.

    Those in *blind* may not see what it is about, so they are told that there is nothing.
    """
    return [
        pytest.param(
            right.ask,
            right.permission,
            person,
            _expected(right, letter, blind),
            id=f"{right.name}-{person}",
        )
        for right in rights
        for letter, person in _PEOPLE.items()
    ]


def _expected(right: Right, letter: str, blind: str) -> type[CortexError] | None:
    if letter in right.may:
        return None
    return NotFoundError if letter in blind else PermissionDeniedError


async def check(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    """Ask as *person*: without the permission, as it is, and disabled."""
    principal: Principal = getattr(scene, person)
    with pytest.raises(PermissionDeniedError) as denied:
        await ask(scene, without(principal, permission))
    assert denied.value.permission == permission
    if expected is None:
        await ask(scene, principal)
        return
    with pytest.raises(CortexError) as caught:
        await ask(scene, principal)
    assert type(caught.value) is expected
    if expected is PermissionDeniedError:
        assert isinstance(caught.value, PermissionDeniedError)
        assert caught.value.permission == ""
        assert "owner" in str(caught.value)


async def check_disabled(scene: Scene, ask: Ask) -> None:
    """Ask as an owner who is disabled."""
    await disable(scene, scene.owner)
    with pytest.raises(UserDisabledError):
        await ask(scene, scene.owner)
