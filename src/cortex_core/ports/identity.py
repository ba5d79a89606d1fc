"""Who is calling."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

from cortex_core.domain.ids import UserId
from cortex_core.domain.models import Actor, ActorKind

Scheme = Literal["Bearer", "DPoP"]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What shows that the caller holds a key, for one request (DPoP, RFC 9449).

    text: what the caller sent.
    method: the request's own.
    uri: where the request went, by the address that clients reach us at; no header decides it.
    """

    text: str
    method: str
    uri: str

    def __repr__(self) -> str:
        return f"Proof(<{len(self.text)} characters>)"


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller presents: an authentication scheme (RFC 9110 section 11.1) and a token.

    With the scheme DPoP a *proof* comes along.
    """

    scheme: Scheme
    token: str
    proof: Proof | None = None

    def __repr__(self) -> str:
        return f"Credential(scheme={self.scheme!r}, token=<{len(self.token)} characters>)"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A proven caller. (issuer, subject) is the identity key, never the e-mail address.

    permissions: what the caller may do at all; none means none.
    scopes: what the caller's application asked for, and was granted; it gives no right by itself.
    roles: words of the identity provider, for whoever cares; it gives no right by itself.
    client_id: the application that got the token.
    session_id: the sign-on that the token came from.
    session: the digest of the session here, where the caller is a browser that holds one.
    actors: who acts for the subject, the nearest first; empty if it acts itself.
    auth_time: when the person last proved who they are.
    binding: the thumbprint (RFC 7638) of the key without which the token proves nothing.
    """

    kind: Literal["user", "machine"]
    issuer: str
    subject: str
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    name: str = ""
    email: str | None = None
    email_verified: bool = False
    client_id: str | None = None
    org_id: str | None = None
    session_id: str | None = None
    session: str | None = None
    actors: tuple[str, ...] = ()
    token_id: str | None = None
    auth_time: datetime | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    binding: str | None = None

    def actor(self, user_id: UserId) -> Actor:
        """Return this caller as the author of what it does."""
        return Actor(kind=ActorKind(self.kind), id=user_id)


class IdentityProvider(Protocol):
    """Proves who is calling.

    A provider of tokens refuses whatever can be understood in two ways, and trusts an issuer,
    its keys and its audience by exact names only. It may remember whom a token proved until that
    expires: whether it was revoked meanwhile is asked elsewhere, each time. What standards leave
    open is decided so:

    | decision | here |
    |---|---|
    | clocks may differ by (leeway) | 30 s, and never more than 120 s |
    | the longest token | 16 KiB |
    | the longest time from `iat` to `exp` | 24 h |
    | `iat`, and `kid` where an issuer has public keys | needed |
    | `kid`, wherever it is there | text of 1 to 256 characters |
    | `sub` | 1 to 255 characters, none of them a control character, and not blank |
    | numbers | of up to 20 digits; no NaN, no Infinity |
    | `typ` | JWT, at+jwt or application/at+jwt, in any case |
    | `crit`, `b64`, `zip` in the header | refused; no extension is known |
    | a claim of another type than its definition says | refused, and never "nothing" |
    | `nonce`, `at_hash`, `c_hash`, `s_hash`, `events`, `logout` | refused: another kind of token |
    | `cnf.jkt` | taken with the scheme DPoP and a proof only, that scheme for no other token |
    | any other `cnf` | refused: nothing here could check it |
    | a proof's `iat` | 60 s ago to 5 s ahead; each proof counts once, on all processes together |
    | `permissions: []` | none; `scope` counts where the claim is missing, for machines |
    | a machine | `gty` is client-credentials, or `sub` is its client and @clients |
    | roles, name, e-mail | from the configured namespaced claims only |
    """

    async def authenticate(self, credential: Credential) -> Principal:
        """Return the principal that *credential* proves.

        Raises:
            UnauthenticatedError: It proves nobody. The error says nothing of why, but in its
                `reason`, which is for our own log and quotes nothing of the credential:
                `UnauthenticatedError("expired")`, with a word of `domain.refusals`.
            ProofRejectedError: The token may be good; its proof is missing or is none.
            IdentityUnavailableError: Nobody can say right now; the credential may be good.
        """
        ...
