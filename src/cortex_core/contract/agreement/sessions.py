"""Rules for sessions of browsers, revocations, and what may happen once."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.sessions import Revocation, RevocationKind, Session
from cortex_core.ports import UnitOfWork

_SECRETS = ["one", "two", "three"]
_DIGESTS = [make.session(secret).digest for secret in _SECRETS]

sessions = st.builds(
    make.session,
    secret=st.sampled_from(_SECRETS),
    subject=st.sampled_from(some.SUBJECTS),
    session_id=st.none() | st.sampled_from(some.SUBJECTS),
    sealed=st.binary(max_size=9),
    created_at=some.moments,
    expires_at=some.moments,
)
revocations = st.builds(
    make.revocation,
    kind=st.sampled_from(RevocationKind),
    value=st.sampled_from(some.SUBJECTS),
    before=some.moments,
    revoked_at=some.moments,
    expires_at=some.moments,
)


class SessionRules(Agreement):
    """Signing on and off."""

    @rule(session=sessions)
    def add_session(self, session: Session) -> None:
        self.write(lambda work: work.sessions.add(session))

    @rule(session=sessions, version=st.integers(1, 3))
    def renew_session(self, session: Session, version: int) -> None:
        fresh = replace(session, version=version + 1)
        self.write(lambda work: work.sessions.update(fresh, version=version))

    @rule(digest=st.sampled_from(_DIGESTS))
    def delete_session(self, digest: str) -> None:
        self.write(lambda work: work.sessions.delete(digest))

    @rule(whose=st.sampled_from(some.SUBJECTS), by_subject=st.booleans())
    def delete_sessions(self, whose: str, by_subject: bool) -> None:
        if by_subject:
            self.write(lambda work: work.sessions.delete_by_subject(make.ISSUER, whose))
        else:
            self.write(lambda work: work.sessions.delete_by_session_id(make.ISSUER, whose))

    @rule(data=revocations)
    def revoke(self, data: Revocation) -> None:
        self.write(lambda work: work.revocations.add(data))

    @rule(key=some.keys, now=some.seconds, lasts=some.seconds)
    def spend(self, key: str, now: int, lasts: int) -> None:
        self.write(
            lambda work: work.replays.spend(key, now=make.at(now), until=make.at(now + lasts))
        )

    @rule(now=some.seconds)
    def purge(self, now: int) -> None:
        """All there is: which of them go first is not promised."""
        self.write(lambda work: work.sessions.purge(now=make.at(now), limit=99))
        self.write(lambda work: work.revocations.purge(now=make.at(now), limit=99))
        self.write(lambda work: work.replays.purge(now=make.at(now), limit=99))

    @rule(moment=some.seconds, now=some.seconds)
    def look_at_sessions(self, moment: int, now: int) -> None:
        async def look(work: UnitOfWork) -> object:
            revoked = await work.revocations.since(make.at(moment), now=make.at(now))
            return [
                [await work.sessions.get(digest, now=make.at(now)) for digest in _DIGESTS],
                sorted(await work.sessions.present(_DIGESTS, now=make.at(now))),
                sorted(revoked, key=lambda one: (one.kind, one.value)),
            ]

        self.read_several(look)
