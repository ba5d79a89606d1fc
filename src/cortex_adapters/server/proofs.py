"""Proofs that a caller holds its token's key (DPoP), as the settings ask for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.dpop.nonces import Nonces
from cortex_adapters.settings import Settings
from cortex_core.ports import Store
from cortex_core.ports.clock import Clock, system_clock

_NONCE_KEY: Final = "dpop-nonce-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What checks proofs, and what gives nonces for them; neither where there are none."""

    checker: ProofChecker | None = None
    nonces: Nonces | None = None

    @property
    def nonce(self) -> Callable[[], str] | None:
        """What gives a nonce, where proofs need one."""
        return None if self.nonces is None else self.nonces.current


async def open_proofs(settings: Settings, store: Store, *, clock: Clock = system_clock) -> Proofs:
    """Return what checks proofs together with all other processes on *store*."""
    if not settings.dpop_algorithms:
        return Proofs()
    nonces = None
    if settings.dpop_nonce == "required":
        keys = tuple(key.reveal() for key in settings.session_keys) or (await _kept_key(store),)
        nonces = Nonces(keys, clock=clock)

    async def spend(key: str, *, now: datetime, until: datetime) -> bool:
        async with store.begin(single=True) as work:
            return await work.replays.spend(key, now=now, until=until)

    checker = ProofChecker(
        frozenset(settings.dpop_algorithms), spend=spend, clock=clock, nonces=nonces
    )
    return Proofs(checker=checker, nonces=nonces)


async def _kept_key(store: Store) -> str:
    """Return a key that is kept in *store*, for all processes there."""
    async with store.begin(single=True) as work:
        return await work.registry.ensure(_NONCE_KEY, secrets.token_urlsafe(32))
