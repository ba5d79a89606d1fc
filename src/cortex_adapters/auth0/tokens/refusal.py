"""Why a token is refused, in words for our own log."""

from __future__ import annotations

from typing import Final, Literal

from cortex_core.domain.errors import ProofRejectedError, UnauthenticatedError

Reason = Literal[
    "algorithm",  # not one of the policy's
    "audience",  # meant for somebody else
    "binding",  # bound to a key (RFC 7800) that this credential does not prove
    "claim-type",  # a claim has another type or form than its definition says
    "claim-missing",  # a claim that this type of token must have
    "client",  # an application that is not among those allowed
    "critical-header",  # asks for an extension; none is known here
    "date",  # exp, iat or nbf is missing or is no date
    "encoding",  # not canonical base64url
    "encrypted",  # five segments: JWE
    "expired",
    "issued-in-future",
    "issuer",  # not the one exact issuer
    "issuer-ended",  # its last day is over
    "json",  # not a strict JSON object
    "key-id",  # kid is missing or is no short text
    "key-unknown",  # no one key has this kid and algorithm
    "lifetime",  # valid for longer than is allowed, or for no time at all
    "not-yet-valid",
    "opaque",  # one segment: from Auth0, a token that was asked for without an audience
    "organization",  # of another organization, or of none
    "proof-binding",  # by another key than the token is bound to
    "proof-date",  # too old, too far ahead, or without iat
    "proof-form",  # no signed token in strict JSON
    "proof-id",  # jti is no text of 1 to 128 characters
    "proof-key",  # jwk is no public key, or of another kind
    "proof-method",  # for another method
    "proof-missing",
    "proof-nonce",  # without a nonce of ours, or with an old one
    "proof-replayed",
    "proof-signature",
    "proof-token",  # for another token
    "proof-type",  # typ or alg says that it is none
    "proof-uri",  # for another address
    "purpose",  # an ID token, a logout token or an event, not an access token
    "scheme",  # presented as DPoP, which is off here
    "shape",  # not three segments
    "signature",
    "size",
    "subject",
    "type",  # typ names another kind of token
    "unbound",  # presented as DPoP, and bound to no key
]

HINTS: Final[dict[str, str]] = {
    "opaque": "From Auth0 this is a token that was asked for without an audience.",
    "audience": "Compare the audience that clients ask for with CORTEX_AUTH0_AUDIENCE.",
    "issuer": "Compare the domain that clients ask with CORTEX_AUTH0_DOMAIN.",
    "issued-in-future": "Compare this machine's clock with the time.",
    "proof-date": "Compare this machine's clock with the time.",
    "proof-uri": "Compare the address that clients use with CORTEX_PUBLIC_URL.",
    "algorithm": "The tenant's API must sign with RS256.",
}
"""What its operator may look at first, where a good client is refused."""


def refused(reason: Reason) -> UnauthenticatedError:
    """Return the error to raise; *reason* never quotes the token."""
    return UnauthenticatedError(reason)


def proof_refused(reason: Reason) -> ProofRejectedError:
    """Return the error to raise; *reason* never quotes the proof."""
    return ProofRejectedError(reason)
