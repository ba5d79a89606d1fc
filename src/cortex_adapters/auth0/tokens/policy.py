"""What one issuer's tokens must look like here: the decisions that no standard takes for us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from cortex_core.domain.errors import SettingsError

ALGORITHMS: Final[dict[str, str]] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""The signature algorithms that can be allowed, and the `kty` of their keys."""
HMAC: Final = "HS256"
"""Signatures by a shared secret: alone or not at all, so that no public key is ever a secret."""

JWT: Final = "jwt"
AT_JWT: Final = "at+jwt"
MAX_LEEWAY: Final = timedelta(seconds=120)
MAX_SIZE: Final = 16 * 1024
"""The longest token, in characters; 16 KiB, as proxies take no larger headers."""


class TokenPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for the tokens of one issuer.

    issuer: the only `iss`, compared exactly; the token's is never brought into another form.
    audience: must be `aud` or one of it, compared exactly.
    known_as: the issuer in the identity of its principals, where that is another: each domain
        of one tenant has its own `iss` and keys, and the same people.
    algorithms: the only `alg`s; of RS256, PS256 and ES256 any, or HS256 alone.
    types: the only `typ`s, in lower case and without `application/`; the empty text among
        them stands for none at all.
    namespace: what the names of the profile claims begin with (email, email_verified, name);
        None where no token has any.
    roles_claim: the whole name of the claim with the roles; None where no token has any.
    leeway: how far clocks may differ, up to 120 s; 30 s, as clocks that are kept by NTP
        differ by far less.
    max_lifetime: the longest time from `iat` to `exp`; 24 h, Auth0's own default.
    scope_grants: without a `permissions` claim a user has what `scope` says; false, as with
        RBAC on the claim is always there. A machine's scope counts always.
    granted: what is allowed by a token that has neither of these claims.
    client_ids: the only applications (`azp`, `client_id`) whose tokens are taken; None for all.
    organization: the only `org_id`; None for any, and for none.
    until: when the issuer ends, whatever its tokens say; None for never.
    """

    issuer: str
    audience: str
    known_as: str | None = None
    algorithms: frozenset[str] = frozenset({"RS256"})
    types: frozenset[str] = frozenset({JWT, AT_JWT})
    namespace: str | None = None
    roles_claim: str | None = None
    leeway: timedelta = timedelta(seconds=30)
    max_lifetime: timedelta = timedelta(hours=24)
    scope_grants: bool = False
    granted: frozenset[str] = frozenset()
    client_ids: frozenset[str] | None = None
    organization: str | None = None
    until: datetime | None = None

    @property
    def names_keys(self) -> bool:
        """Say whether `kid` is needed: where there can be more than one key."""
        return HMAC not in self.algorithms

    def __post_init__(self) -> None:
        faults = [
            text
            for wrong, text in (
                (not self.issuer, "The issuer is missing."),
                (not self.audience, "The audience is missing."),
                (
                    self.audience == f"{self.issuer}userinfo",
                    "The audience is the issuer's own userinfo endpoint.",
                ),
                (not self.algorithms, "No algorithm is allowed."),
                (
                    not (self.algorithms <= ALGORITHMS.keys() or self.algorithms == {HMAC}),
                    f"The algorithms can be {', '.join(ALGORITHMS)}, or {HMAC} alone.",
                ),
                (
                    not timedelta() <= self.leeway <= MAX_LEEWAY,
                    f"The leeway can be 0 to {MAX_LEEWAY.seconds} s.",
                ),
                (self.max_lifetime <= timedelta(), "The longest lifetime must be positive."),
            )
            if wrong
        ]
        if faults:
            raise SettingsError(faults)
