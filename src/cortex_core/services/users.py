"""The caller's own user."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from cortex_core.domain.commands import ChangeMe
from cortex_core.domain.models import User
from cortex_core.ports import Ports, Principal
from cortex_core.services.anew import anew
from cortex_core.services.changes import changed_metadata, changed_text, same
from cortex_core.services.operation import operation
from cortex_core.services.reception import Reception, said_name


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The caller: its user, and what its credential allows."""

    user: User
    kind: str
    permissions: tuple[str, ...]


class Users:
    """What callers can do with users."""

    def __init__(self, ports: Ports, reception: Reception) -> None:
        self._ports = ports
        self._reception = reception

    async def me(self, principal: Principal) -> Me:
        """Return the caller."""
        with operation(self._ports, "users.me"):
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(read_only=True, single=True, caller=user_id) as work:
                user = await self._reception.active(principal, work.users, user_id)
            return _me(user, principal)

    @anew
    async def change_me(self, principal: Principal, command: ChangeMe) -> Me:
        """Change the caller's name or metadata; without a name it is what the credential says."""
        with operation(self._ports, "users.change_me"):
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(caller=user_id) as work:
                current = await self._reception.active(principal, work.users, user_id, lock=True)
                user = replace(
                    current,
                    name=changed_text(command.name, current.name) or said_name(principal),
                    metadata=changed_metadata(command.metadata, current.metadata),
                )
                if not same(current, user):
                    user = replace(user, updated_at=self._ports.clock())
                    await work.users.update(user)
            return _me(user, principal)


def _me(user: User, principal: Principal) -> Me:
    return Me(user=user, kind=principal.kind, permissions=tuple(sorted(principal.permissions)))
