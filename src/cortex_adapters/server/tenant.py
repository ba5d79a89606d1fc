"""The Auth0 tenant: its domains, what is known of each, and the way to ask."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Final, Protocol

from cortex_adapters.auth0.provider import TrustedIssuer
from cortex_adapters.server.issuers import tenant_policies
from cortex_adapters.settings import Settings
from cortex_core.domain.errors import IdentityUnavailableError
from cortex_core.ports import Telemetry

if TYPE_CHECKING:
    from cortex_adapters.auth0.keys.cache import KeyCache

FORGET: Final = signal.SIGUSR2
"""Takes the keys of the tenant from a server's memory, so that it fetches them anew."""

Check = Callable[[], Awaitable[str | None]]


class _Checked(Protocol):
    async def check(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The domains of one tenant, by issuer; without any it is nobody's."""

    issuers: Sequence[TrustedIssuer] = ()
    keys: Mapping[str, KeyCache] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)


@asynccontextmanager
async def open_tenant(settings: Settings, telemetry: Telemetry) -> AsyncIterator[Tenant]:
    """Open the tenant that *settings* name, with a check of its health."""
    if not settings.auth0_domain:
        with _forgetting((), telemetry):  # without a handler the signal would end the process
            yield Tenant()
        return
    from cortex_adapters.auth0.keys.cache import KeyCache  # noqa: PLC0415 - may be missing
    from cortex_adapters.auth0.keys.documents import open_documents  # noqa: PLC0415
    from cortex_adapters.auth0.userinfo import UserInfo  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        documents = await stack.enter_async_context(open_documents(telemetry=telemetry))
        issuers, keys = [], {}
        for policy in tenant_policies(settings):
            cache = KeyCache(policy.issuer, policy.algorithms, documents, telemetry=telemetry)
            keys[policy.issuer] = await stack.enter_async_context(aclosing(cache))
            people = UserInfo(policy.issuer, cache.metadata, documents, telemetry=telemetry)
            issuers.append(TrustedIssuer(policy=policy, keys=cache, people=people))

        stack.enter_context(_forgetting([*keys.values()], telemetry))

        async def check() -> str | None:
            return await together([*keys.values()])

        yield Tenant(issuers=issuers, keys=keys, checks={"identity": check})


@contextmanager
def _forgetting(caches: Sequence[KeyCache], telemetry: Telemetry) -> Iterator[None]:
    """While inside, have `FORGET` take all keys from *caches*; of the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def forget() -> None:
        for cache in caches:
            cache.purge()
            telemetry.log("identity.keys_forgotten", level="warning", issuer=cache.issuer)

    def receive(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(forget)

    before = signal.signal(FORGET, receive)
    try:
        yield
    finally:
        signal.signal(FORGET, before)


async def together(caches: Sequence[_Checked]) -> str | None:
    """Return how the domains of a tenant are: the best word if one of them can be asked at all.

    Raises:
        IdentityUnavailableError: None can be asked.
    """
    found = await asyncio.gather(*(keys.check() for keys in caches), return_exceptions=True)
    away = [word for word in found if isinstance(word, IdentityUnavailableError)]
    for word in found:
        if isinstance(word, BaseException) and not isinstance(word, IdentityUnavailableError):
            raise word
    if len(away) == len(found):
        raise away[0]
    return "degraded" if away or any(found) else None
