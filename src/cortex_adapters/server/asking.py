"""Asks the tenant as a server would, and says how that went."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.server.issuers import tenant_policies
from cortex_adapters.settings import Settings

if TYPE_CHECKING:
    from cortex_adapters.auth0.keys.documents import Documents


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How many usable keys an issuer has; else the *reason* why there are none.

    detail: what the issuer said instead; it may be anything that can be printed.
    cause: the words of whatever failed on the way.
    """

    issuer: str
    keys: int = 0
    reason: str = ""
    detail: str = ""
    cause: str = ""


async def ask_tenant(settings: Settings) -> Sequence[Asked]:
    """Fetch metadata and keys of each domain of the tenant, with a server's limits."""
    if not settings.auth0_domain:
        return []
    from cortex_adapters.auth0.keys.documents import open_documents  # noqa: PLC0415 - may be missing

    async with open_documents() as documents:
        return await asyncio.gather(*(_ask(documents, each) for each in tenant_policies(settings)))


async def _ask(documents: Documents, policy: TokenPolicy) -> Asked:
    from cortex_adapters.auth0.keys.discovery import discover, fetch_keys  # noqa: PLC0415
    from cortex_adapters.auth0.keys.documents import TOTAL, FetchError  # noqa: PLC0415

    issuer = policy.issuer
    try:
        async with asyncio.timeout(TOTAL):
            metadata = await discover(documents, issuer)
            keys, _ = await fetch_keys(documents, metadata, issuer, policy.algorithms)
    except TimeoutError:
        return Asked(issuer=issuer, reason="timeout")
    except FetchError as error:
        cause = str(error.__cause__ or "")
        return Asked(issuer=issuer, reason=error.reason, detail=error.detail, cause=cause)
    return Asked(issuer=issuer, keys=len(keys))
