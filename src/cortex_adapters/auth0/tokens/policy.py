"""What one issuer's tokens must look like here: the decisions that no standard takes for us."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from cortex_core.domain.errors import SettingsError

ALGORITHMS: Final[dict[str, str]] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""The signature algorithms that can be allowed, and the `kty` of their keys."""

JWT: Final = "jwt"
AT_JWT: Final = "at+jwt"
MAX_LEEWAY: Final = timedelta(seconds=120)
MAX_SIZE: Final = 16 * 1024
"""The longest token, in characters; 16 KiB, as proxies take no larger headers."""


class TokenPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for the tokens of one issuer.

    issuer: the only `iss`, compared exactly; the token's is never brought into another form.
    audience: must be `aud` or one of it, compared exactly.
    algorithms: the only `alg`s; RS256, PS256 and ES256 can be allowed.
    types: the only `typ`s, in lower case and without `application/`; the empty text among
        them stands for none at all.
    namespace: what the names of the profile claims begin with (email, email_verified, name).
    leeway: how far clocks may differ, up to 120 s; 30 s, as clocks that are kept by NTP
        differ by far less.
    max_lifetime: the longest time from `iat` to `exp`; 24 h, Auth0's own default.
    scope_grants: without a `permissions` claim a user has what `scope` says; false, as with
        RBAC on the claim is always there. A machine's scope counts always.
    """

    issuer: str
    audience: str
    algorithms: frozenset[str] = frozenset({"RS256"})
    types: frozenset[str] = frozenset({JWT, AT_JWT})
    namespace: str
    leeway: timedelta = timedelta(seconds=30)
    max_lifetime: timedelta = timedelta(hours=24)
    scope_grants: bool = False

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
                    not self.algorithms <= ALGORITHMS.keys(),
                    f"The algorithms can be {', '.join(ALGORITHMS)}.",
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
