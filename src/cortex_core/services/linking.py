"""Identities that are linked by themselves: by one verified address on both sides."""

from __future__ import annotations

from typing import Final

import msgspec

from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.links import Link, LinkKind
from cortex_core.domain.models import User
from cortex_core.ports import Ports, Principal, UnitOfWork

MADE_BY: Final = "cortex"
# Whoever shares an address with more people than this shares it with too many.
MOST_NAMESAKES: Final = 100


class EmailLinks(msgspec.Struct, frozen=True, kw_only=True):
    """From where to where: newcomers of *issuers* are linked to users of the issuer *former*.

    There is no way back, nor from one of *issuers* to another: whoever can have an address
    verified at one of them must not become somebody of the other.
    """

    former: str
    issuers: frozenset[str]

    def covers(self, principal: Principal) -> bool:
        """Say whether *principal* may be linked: a person with an address that is verified."""
        return (
            principal.kind == "user"
            and principal.issuer in self.issuers
            and principal.issuer != self.former
            and principal.email_verified
            and bool(principal.email)
        )


async def link_by_email(ports: Ports, links: EmailLinks, newcomer: User) -> User | None:
    """Link an identity without a user to the one former user of its address, and return that.

    Returns None if nothing is linked: the identity has a user; nobody of the former issuer has
    exactly this address, or several have, or the one has not verified it; or another identity
    is linked to that one.
    """
    if newcomer.email is None:
        return None
    try:
        async with ports.store.begin() as work:
            user = await _former(work, links, newcomer, newcomer.email)
            if user is None:
                return None
            link = Link(
                issuer=newcomer.issuer,
                subject=newcomer.subject,
                user_id=user.id,
                kind=LinkKind.EMAIL,
                linked_by=MADE_BY,
                linked_at=ports.clock(),
            )
            await work.links.add(link, sole=True)
    except (ConflictError, NotFoundError):
        return None  # somebody else came first
    ports.telemetry.log("users.linked", kind=LinkKind.EMAIL.value, user_id=user.id)
    return user


async def _former(work: UnitOfWork, links: EmailLinks, newcomer: User, email: str) -> User | None:
    if await work.users.find(newcomer.issuer, newcomer.subject) is not None:
        return None
    namesakes = await work.users.with_email(email, limit=MOST_NAMESAKES)
    found = [user for user in namesakes if user.issuer == links.former]
    if len(found) != 1 or len(namesakes) == MOST_NAMESAKES or not found[0].email_verified:
        return None
    return found[0]
