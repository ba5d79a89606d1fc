"""Proofs that come with requests (DPoP, RFC 9449), and nonces that go back for the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from litestar.types import Message, Scope, Send

from cortex_core.domain.errors import ProofRejectedError
from cortex_core.ports import Proof

HEADER: Final = b"dpop"
NONCE: Final = "dpop-nonce"

NonceSource = Callable[[], str]


def proof_of(scope: Scope, public_url: str) -> Proof | None:
    """Return the proof that came with a request, None if there is none.

    Where the request went is decided by *public_url*: a caller can write any `Host`.

    Raises:
        ProofRejectedError: There are several.
    """
    found = [value for name, value in scope["headers"] if name == HEADER]
    if not found:
        return None
    if len(found) > 1:
        raise ProofRejectedError("proof-repeated")
    return Proof(
        text=found[0].decode("latin-1"),
        method=str(scope.get("method")),
        uri=public_url + scope["raw_path"].decode("latin-1"),
    )


def is_proving(scope: Scope) -> bool:
    """Say whether the caller shows its token with the scheme DPoP."""
    return any(
        name == b"authorization" and value[:5].lower() == b"dpop "
        for name, value in scope["headers"]
    )


def giving_nonces(send: Send, nonce: NonceSource) -> Send:
    """Wrap *send*: each answer has the nonce for the next proof (RFC 9449 section 8.2)."""

    async def giving(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if pair[0] != NONCE.encode()]
            message["headers"] = [*headers, (NONCE.encode(), nonce().encode("ascii"))]
        await send(message)

    return giving
