"""Rules for identities that answer with another's user, and for what is said of people."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cortex_core.contract import make
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Link, LinkKind, Profile
from cortex_core.ports import UnitOfWork

_ADDRESSES = ["a@example.org", "A@example.org"]


class LinkRules(Agreement):
    """Links and profiles."""

    @rule(
        user_id=some.any_user,
        subject=st.sampled_from(some.SUBJECTS),
        kind=st.sampled_from(LinkKind),
        at=some.moments,
        sole=st.booleans(),
    )
    def link(
        self,
        user_id: UserId,
        subject: str,
        kind: LinkKind,
        at: datetime,
        sole: bool,
    ) -> None:
        link = Link(
            issuer=make.ISSUER,
            subject=subject,
            user_id=user_id,
            kind=kind,
            linked_by="operator",
            linked_at=at,
        )
        self.write(lambda work: work.links.add(link, sole=sole))

    @rule(subject=st.sampled_from(some.SUBJECTS))
    def unlink(self, subject: str) -> None:
        self.write(lambda work: work.links.remove(make.ISSUER, subject))

    @rule(
        user_id=some.any_user,
        name=st.sampled_from(["", "Ada", "Countess"]),
        email=st.none() | st.sampled_from(_ADDRESSES),
        verified=st.booleans(),
        at=some.moments,
        now=some.moments,
    )
    def refresh_user(
        self,
        user_id: UserId,
        name: str,
        email: str | None,
        verified: bool,
        at: datetime,
        now: datetime,
    ) -> None:
        said = Profile(name=name, email=email, email_verified=verified, said_at=at)
        self.write(lambda work: work.users.refresh(user_id, said, now=now))

    @rule(user_id=some.any_user, limit=some.limits)
    def look_at_identities(self, user_id: UserId, limit: int) -> None:
        async def look(work: UnitOfWork) -> object:
            return [
                [await work.users.find(make.ISSUER, subject) for subject in some.SUBJECTS],
                [list(await work.users.with_email(each, limit=limit)) for each in _ADDRESSES],
                list(await work.links.of_user(user_id)),
            ]

        self.read_several(look)
