"""What the routes say about this deployment."""

from __future__ import annotations

import msgspec


class WebConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses without a slash at the end; *environment* and *version* as people read them.

    *sign_on* says whether browsers may sign on here. *proof_algorithms* are those that proofs
    (DPoP) may be signed with, none where bound tokens are taken from nobody.
    """

    docs_url: str
    development: bool
    public_url: str
    issuer: str
    audience: str
    environment: str
    version: str
    sign_on: bool = False
    proof_algorithms: tuple[str, ...] = ()
