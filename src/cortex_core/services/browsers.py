"""Browsers: signing on, staying signed on, and signing off.

A browser holds a secret that only we issue, in a cookie; the store holds its digest, and the
tokens encrypted. Each sign-on makes a new secret, so that none that was planted before is adopted.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from cortex_core.domain.errors import (
    IdentityUnavailableError,
    MalformedError,
    SignOnFailedError,
    StaleVersionError,
    UnauthenticatedError,
)
from cortex_core.domain.refusals import known
from cortex_core.domain.sessions import Session
from cortex_core.ports import (
    Attempt,
    Credential,
    LogoutNotice,
    Ports,
    Principal,
    SignedOn,
    SignOn,
    UnitOfWork,
)
from cortex_core.services.operation import operation
from cortex_core.services.sessions import Sessions

SECRET_BYTES: Final = 32
EARLY: Final = timedelta(seconds=60)
REFRESH_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has signed on: the secret it shows from now on, and where it wanted to go."""

    secret: str
    return_to: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Browser(expires_at={self.expires_at!r})"


class Browsers:
    """What browsers can do before they are callers; *lifetime* is that of a session."""

    def __init__(
        self,
        ports: Ports,
        sessions: Sessions,
        provider: SignOn,
        *,
        lifetime: timedelta = timedelta(hours=12),
    ) -> None:
        self._ports = ports
        self._sessions = sessions
        self._provider = provider
        self._lifetime = lifetime
        self._refreshing: dict[str, asyncio.Task[Session]] = {}

    async def begin(self, return_to: str) -> Attempt:
        """Begin a sign-on that ends at the path *return_to*."""
        with operation(self._ports, "browsers.begin"):
            return await self._provider.begin(return_to=return_to)

    async def finish(
        self, parameters: Mapping[str, str], sealed: str | None, *, before: str | None
    ) -> Browser:
        """Finish a sign-on with what the browser brought back, and end its session *before*.

        Raises:
            SignOnFailedError: It came to no end, or to tokens that would be refused here.
            IdentityUnavailableError: Nobody can say right now.
        """
        with operation(self._ports, "browsers.finish"):
            person = await self._provider.finish(parameters, sealed)
            now = self._ports.clock()
            if not await self._first(f"sign-on {parameters['state']}", now + self._lifetime):
                raise SignOnFailedError("replayed")
            await self._require_good(person)
            secret = secrets.token_urlsafe(SECRET_BYTES)
            session = Session(
                digest=_digest(secret),
                issuer=person.issuer,
                subject=person.subject,
                session_id=person.session_id,
                sealed=person.sealed,
                created_at=now,
                updated_at=now,
                expires_at=now + self._lifetime,
            )
            await self._sessions.open(
                session, instead_of=None if before is None else _digest(before)
            )
        return Browser(secret=secret, return_to=person.return_to, expires_at=session.expires_at)

    async def authenticate(self, secret: str) -> Principal:
        """Return whose browser shows *secret*.

        Raises:
            UnauthenticatedError: Nobody's, or not any more.
            IdentityUnavailableError: Nobody can say right now.
        """
        with operation(self._ports, "browsers.authenticate"):
            session = await self._find(_digest(secret))
            try:
                credential = await self._credential(session)
                principal = await self._ports.identity.authenticate(credential)
                if (principal.issuer, principal.subject) != (session.issuer, session.subject):
                    raise UnauthenticatedError("session")
            except UnauthenticatedError as refusal:
                refusal.issuer = session.issuer
                raise
            return replace(principal, session=session.digest, session_id=session.session_id)

    async def leave(self, secret: str) -> str:
        """End the session, and return where the browser signs off with the provider, too."""
        with operation(self._ports, "browsers.leave"):
            session = await self._find(_digest(secret))
            await self._sessions.end(session.digest)
            return await self._provider.farewell(session.sealed)

    async def hear(self, logout_token: str) -> None:
        """End the sessions that the provider says have ended.

        Raises:
            MalformedError: It does not say so, or has said so before.
        """
        with operation(self._ports, "browsers.hear"):
            try:
                await self._end(await self._provider.notice(logout_token))
            except UnauthenticatedError as refusal:
                self._disbelieve(refusal)
                raise MalformedError("The logout token is not valid, or was used before.") from None

    async def _end(self, notice: LogoutNotice) -> None:
        async def once(work: UnitOfWork) -> None:
            key, now = f"logout {notice.issuer} {notice.token_id}", self._ports.clock()
            if not await work.replays.spend(key, now=now, until=notice.until):
                raise UnauthenticatedError("replayed")

        await self._sessions.end_all(
            notice.issuer,
            session_id=notice.session_id,
            subject=notice.subject,
            first=once,
        )

    def _disbelieve(self, refusal: UnauthenticatedError) -> None:
        """Tell the log why; whoever sent it learns as little as any other caller."""
        reason = known(refusal.reason)
        self._ports.telemetry.count("cortex.identity.refused", reason=reason, issuer="")
        self._ports.telemetry.log("sign_on.notice_refused", level="warning", reason=reason)

    async def _require_good(self, person: SignedOn) -> None:
        """Refuse tokens that each request would be refused for: the person would go in circles."""
        credential = self._provider.held(person.sealed).credential
        try:
            principal = await self._ports.identity.authenticate(credential)
        except UnauthenticatedError as refusal:
            raise SignOnFailedError(refusal.reason) from refusal
        if (principal.issuer, principal.subject) != (person.issuer, person.subject):
            raise SignOnFailedError("subject")

    async def _find(self, digest: str) -> Session:
        session = await self._sessions.find(digest)
        if session is None:
            raise UnauthenticatedError("session")
        return session

    async def _first(self, key: str, until: datetime) -> bool:
        async with self._ports.store.begin(single=True) as work:
            return await work.replays.spend(key, now=self._ports.clock(), until=until)

    async def _credential(self, session: Session) -> Credential:
        """Return what proves the session, refreshed a little before it expires.

        While the provider is away, what is still good is good enough.
        """
        held, now = self._provider.held(session.sealed), self._ports.clock()
        if not held.refreshable or now < held.expires_at - EARLY:
            return held.credential
        try:
            fresh = await self._refreshed(session)
        except IdentityUnavailableError:
            if now >= held.expires_at:
                raise
            return held.credential
        return self._provider.held(fresh.sealed).credential

    async def _refreshed(self, session: Session) -> Session:
        """Return the session with fresh tokens; of all who ask, here and elsewhere, one fetches.

        A second use of a refresh token looks like theft to the provider, and ends the session.
        """
        task = self._refreshing.get(session.digest)
        if task is None:
            task = asyncio.create_task(self._refresh(session))
            self._refreshing[session.digest] = task
            task.add_done_callback(partial(self._refresh_ended, session.digest))
        return await asyncio.shield(task)

    def _refresh_ended(self, digest: str, task: asyncio.Task[Session]) -> None:
        """Make room for the next, and take note of an error that nobody may be there to hear."""
        del self._refreshing[digest]
        if not task.cancelled():
            task.exception()

    async def _refresh(self, session: Session) -> Session:
        now = self._ports.clock()
        turn = f"refresh {session.digest} {session.version}"
        if not await self._first(turn, now + timedelta(seconds=REFRESH_SECONDS)):
            if now < self._provider.held(session.sealed).expires_at:
                return session  # it is good meanwhile, and whoever refreshes it may take long
            return await self._refreshed_elsewhere(session)
        try:
            sealed = await self._provider.refresh(session.sealed)
        except UnauthenticatedError:
            await self._sessions.end(session.digest)
            raise
        try:
            return await self._sessions.renew(session, sealed)
        except StaleVersionError as error:
            raise UnauthenticatedError("session") from error  # it was ended meanwhile

    async def _refreshed_elsewhere(self, session: Session) -> Session:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._find(session.digest)
                while found.version == session.version:
                    await asyncio.sleep(_LOOK_SECONDS)
                    found = await self._find(session.digest)
        except TimeoutError as error:
            raise IdentityUnavailableError("The session is being refreshed; try again.") from error
        return found


def _digest(secret: str) -> str:
    """Return what the store knows a secret of 256 random bits by."""
    return sha256(secret.encode()).hexdigest()
