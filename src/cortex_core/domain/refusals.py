"""Why a caller is not believed, in words for our own log; no caller ever sees one."""

from __future__ import annotations

from typing import Final, Literal, get_args

Reason = Literal[
    "algorithm",  # not one of the policy's
    "audience",  # meant for somebody else
    "binding",  # bound to a key (RFC 7800) that this credential does not prove
    "claim-type",  # a claim has another type or form than its definition says
    "claim-missing",  # a claim that this type of token must have
    "client",  # an application that is not among those allowed
    "cookie-repeated",  # two cookies of one browser's session
    "critical-header",  # asks for an extension; none is known here
    "cross-origin",  # a cookie, with a request that a page of another origin makes
    "date",  # exp, iat or nbf is missing or is no date
    "encoding",  # not canonical base64url
    "encrypted",  # five segments: JWE
    "expired",
    "grant",  # the provider gives no tokens for it
    "header",  # Authorization is not a scheme, one space and one token
    "header-repeated",  # two Authorization headers
    "issued-in-future",
    "issuer",  # not the one exact issuer
    "issuer-ended",  # its last day is over
    "json",  # not a strict JSON object
    "key-id",  # kid is missing or is no short text
    "key-unknown",  # no one key has this kid and algorithm
    "lifetime",  # valid for longer than is allowed, or for no time at all
    "missing",  # no credential at all
    "not-yet-valid",
    "opaque",  # one segment: from Auth0, a token that was asked for without an audience
    "organization",  # of another organization, or of none
    "other",  # a word that is not among these
    "proof-binding",  # by another key than the token is bound to
    "proof-date",  # too old, too far ahead, or without iat
    "proof-form",  # no signed token in strict JSON
    "proof-id",  # jti is no text of 1 to 128 characters
    "proof-key",  # jwk is no public key, or of another kind
    "proof-method",  # for another method
    "proof-missing",
    "proof-nonce",  # without a nonce of ours, or with an old one
    "proof-repeated",  # two DPoP headers
    "proof-replayed",
    "proof-signature",
    "proof-token",  # for another token
    "proof-type",  # typ or alg says that it is none
    "proof-uri",  # for another address
    "purpose",  # an ID token, a logout token or an event, not an access token
    "refresh",  # a session whose tokens have expired, and the provider gives no more
    "replayed",  # a logout token that was used before
    "revoked",  # signed off, here or at the provider
    "scheme",  # presented as DPoP, which is off here
    "scheme-unknown",  # neither Bearer nor DPoP
    "session",  # the cookie of a session that has ended, or that there never was
    "shape",  # not three segments
    "signature",
    "size",
    "subject",
    "two-credentials",  # an Authorization header beside the cookie of a session
    "type",  # typ names another kind of token
    "unbound",  # presented as DPoP, and bound to no key
    "unknown",  # not among the tokens that this process holds in memory
    "user-disabled",
]

REASONS: Final[frozenset[str]] = frozenset(get_args(Reason))


def known(reason: str) -> Reason:
    """Return *reason* if it is one of these words, else "other": it might quote a credential."""
    return _BY_WORD.get(reason, "other")


_BY_WORD: Final[dict[str, Reason]] = {word: word for word in get_args(Reason)}
