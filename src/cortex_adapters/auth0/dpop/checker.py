"""Whether a proof shows that the caller holds a key (RFC 9449 section 4.3).

What costs nothing is checked first, then the signature; whether the proof is new is asked last,
so that nobody can spend the proof of another.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from cortex_adapters.auth0.dpop.nonces import Nonces
from cortex_adapters.auth0.dpop.proof_key import digest
from cortex_adapters.auth0.dpop.reading import UnverifiedProof, read_proof
from cortex_adapters.auth0.dpop.uri import normal_uri
from cortex_adapters.auth0.tokens.refusal import proof_refused
from cortex_core.domain.errors import ProofNonceError
from cortex_core.ports import Clock, Proof

MAX_AGE: Final = timedelta(seconds=60)
MAX_AHEAD: Final = timedelta(seconds=5)
# What is spent is kept for longer than a proof is good: the clocks of two processes may differ.
_MARGIN: Final = timedelta(seconds=30)


class SpendOnce(Protocol):
    """What may happen once, on all processes together."""

    async def __call__(self, key: str, *, now: datetime, until: datetime) -> bool:
        """Keep *key* until *until*, and return True; False if it is kept at *now* already."""
        ...


class ProofChecker:
    """Checks proofs, each of which counts once.

    algorithms: the only `alg`s; of `proof_key.ALGORITHMS` any.
    spend: raises what the store raises when it is away: nobody is let in unseen.
    nonces: given where each proof must hold one.
    """

    def __init__(
        self,
        algorithms: frozenset[str],
        *,
        spend: SpendOnce,
        clock: Clock,
        nonces: Nonces | None = None,
    ) -> None:
        self._algorithms = algorithms
        self._spend = spend
        self._clock = clock
        self._nonces = nonces

    async def check(self, proof: Proof, *, token: str, binding: str) -> None:
        """Return if *proof* is for *token* and by the key with the thumbprint *binding*.

        Raises:
            ProofRejectedError: It is not, or not for this request, or was seen before.
            ProofNonceError: It holds no nonce that was given here lately.
            CortexError: Whatever *spend* raises.
        """
        read = read_proof(proof.text, self._algorithms)
        if read.key.thumbprint != binding:
            raise proof_refused("proof-binding")
        if read.claims.get("ath") != digest(token):
            raise proof_refused("proof-token")
        await self._accept(read, proof)

    async def thumbprint(self, proof: Proof) -> str:
        """Return the thumbprint of the key that *proof* is by, where a token is asked for.

        Raises:
            ProofRejectedError, ProofNonceError, CortexError: As `check`.
        """
        read = read_proof(proof.text, self._algorithms)
        await self._accept(read, proof)
        return read.key.thumbprint

    async def _accept(self, read: UnverifiedProof, proof: Proof) -> None:
        if read.claims.get("htm") != proof.method:
            raise proof_refused("proof-method")
        named = read.claims.get("htu")
        uri = normal_uri(named) if isinstance(named, str) else None
        if uri is None or uri != normal_uri(proof.uri):
            raise proof_refused("proof-uri")
        now, issued = self._clock(), datetime.fromtimestamp(read.issued, UTC)
        if not now - MAX_AGE <= issued <= now + MAX_AHEAD:
            raise proof_refused("proof-date")
        if self._nonces is not None and not self._nonces.takes(read.claims.get("nonce")):
            raise ProofNonceError(self._nonces.current())
        read.key.check(read.parts.signing_input, read.parts.signature)
        once = digest(f"{read.key.thumbprint} {uri} {read.id_}")
        if not await self._spend(f"dpop {once}", now=now, until=issued + MAX_AGE + _MARGIN):
            raise proof_refused("proof-replayed")
