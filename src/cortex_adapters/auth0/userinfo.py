"""Names and addresses of people, from their issuer (OpenID Connect Core 1.0 section 5.3).

Auth0 allows few such questions a minute for each person. So a person is asked about once a day at
most, whatever comes of it only when a token says nothing, and never twice within ten minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from cortex_adapters.auth0.keys.discovery import same_origin
from cortex_adapters.auth0.keys.documents import Document, FetchError
from cortex_core.domain.errors import IdentityUnavailableError
from cortex_core.domain.text import IDENTITY_LENGTH, USER_NAME_LENGTH, text_faults
from cortex_core.ports import Principal, Telemetry

PATIENCE: Final = 2.0
"""Seconds that the first request of a person waits for an answer."""
KEPT: Final = 86_400.0
FAILED_FOR: Final = 600.0
MOST: Final = 4096

_Said = tuple[str, str | None, bool]
_NOTHING: Final[_Said] = ("", None, False)


class Documents(Protocol):
    """Fetches documents, and shows a token where that is needed."""

    async def get(self, url: str, *, token: str | None = None) -> Document:
        """Return the JSON object at *url*.

        Raises:
            FetchError: There is none within the limits.
        """
        ...


class _Known(msgspec.Struct, frozen=True):
    until: float
    said: _Said


class UserInfo:
    """What one issuer says of its people; *metadata* is its discovery document."""

    def __init__(
        self,
        issuer: str,
        metadata: Callable[[], Awaitable[Mapping[str, object]]],
        documents: Documents,
        *,
        telemetry: Telemetry,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._metadata = metadata
        self._documents = documents
        self._telemetry = telemetry
        self._patience = patience
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._flights: dict[str, asyncio.Task[_Said]] = {}

    async def complete(self, principal: Principal, token: str, audience: object) -> Principal:
        """Return *principal* with the name and the address that the issuer knows, if any.

        It is asked only about a person of whom the token says neither, with a token that any
        holder may show, whose *audience* has the place to ask. No answer is no fault.
        """
        if (
            principal.kind != "user"
            or principal.name
            or principal.email
            or principal.binding is not None
            or not isinstance(audience, list)
        ):
            return principal
        known = self._known.get(principal.subject)
        if known is not None and self._clock() < known.until:
            name, email, verified = known.said
        else:
            url = await self._place()
            if url is None or url not in audience:
                return principal
            name, email, verified = await self._asked(url, principal.subject, token)
        return replace(principal, name=name, email=email, email_verified=verified)

    async def _place(self) -> str | None:
        try:
            return same_origin((await self._metadata()).get("userinfo_endpoint"), self._issuer)
        except (FetchError, IdentityUnavailableError):
            return None

    async def _asked(self, url: str, subject: str, token: str) -> _Said:
        flight = self._flights.get(subject)
        if flight is None:
            # Without the context of whoever came first: the answer belongs to all who wait.
            flight = asyncio.create_task(self._ask(url, subject, token), context=Context())
            self._flights[subject] = flight
            flight.add_done_callback(lambda _: self._flights.pop(subject, None))
        return await asyncio.shield(flight)

    async def _ask(self, url: str, subject: str, token: str) -> _Said:
        outcome, kept, said = "ok", KEPT, _NOTHING
        try:
            async with asyncio.timeout(self._patience):
                found = await self._documents.get(url, token=token)
            said = _read(found.members, subject)
        except (FetchError, TimeoutError) as error:
            outcome = error.reason if isinstance(error, FetchError) else "timeout"
            kept = FAILED_FOR
        self._telemetry.count("cortex.identity.userinfo", issuer=self._issuer, outcome=outcome)
        self._known[subject] = _Known(self._clock() + kept, said)
        self._known.move_to_end(subject)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return said


def _read(members: Mapping[str, object], subject: str) -> _Said:
    """Return what is said, if it is of *subject* (section 5.3.2); what cannot be kept is not."""
    if members.get("sub") != subject:
        raise FetchError("subject")
    name = _text(members.get("name"), USER_NAME_LENGTH) or ""
    email = _text(members.get("email"), IDENTITY_LENGTH)
    return name, email, email is not None and members.get("email_verified") is True


def _text(value: object, most: int) -> str | None:
    if not isinstance(value, str) or any(text_faults("", value, least=1, most=most)):
        return None
    return value
