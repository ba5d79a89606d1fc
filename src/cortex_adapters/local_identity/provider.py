"""The identity port over the development issuer's key."""

from __future__ import annotations

from cortex_adapters.local_identity.issuer import ISSUER, MAX_LIFETIME, NAMESPACE
from cortex_adapters.local_identity.keys import ALGORITHM, jwks
from cortex_adapters.local_identity.shared_key import KeySource
from cortex_adapters.local_identity.tokens.key_set import KeySet
from cortex_adapters.local_identity.tokens.policy import TokenPolicy
from cortex_adapters.local_identity.tokens.refusal import refused
from cortex_adapters.local_identity.tokens.verified import VerifiedTokens
from cortex_adapters.local_identity.tokens.verifier import TokenVerifier, read_token
from cortex_core.ports.clock import Clock
from cortex_core.ports.identity import Credential, Principal


class LocalIdentityProvider:
    """Verifies the tokens of one pinned issuer with one key.

    Policy: RS256 only, leeway 30 s, at most 24 h from `iat` to `exp`, 16 KiB; a malformed
    claim is a refusal; a token bound to a key (`cnf`) is refused, as nothing here proves
    possession. The key is asked for when the first token comes that names this issuer, so
    that a server starts while its store is away.

    A token that was verified is remembered until it expires, among at most 4096 others; why
    that is safe is said in `tokens.verified`.
    """

    def __init__(
        self, key: KeySource, *, clock: Clock, audience: str, issuer: str = ISSUER
    ) -> None:
        self._key = key
        self._clock = clock
        self._verifier = TokenVerifier(
            TokenPolicy(
                issuer=issuer,
                audience=audience,
                algorithms=frozenset({ALGORITHM}),
                namespace=NAMESPACE,
                max_lifetime=MAX_LIFETIME,
            )
        )
        self._verified = VerifiedTokens()
        self._keys: KeySet | None = None

    async def authenticate(self, credential: Credential) -> Principal:
        """Return the principal that *credential* proves.

        Raises:
            UnauthenticatedError: It proves nobody; the reason is for our own log.
            IdentityUnavailableError: The key cannot be had at the moment.
            StorageCorruptError: The stored key is damaged.
        """
        if credential.scheme != "Bearer":
            raise refused("scheme")
        known = self._verified.get(credential.token, self._clock())
        if known is not None:
            return known
        token = read_token(credential.token, max_size=self._verifier.policy.max_size)
        admitted = self._verifier.admit(token)
        keys = self._keys or await self._load()
        now = self._clock()
        principal = self._verifier.prove(admitted, keys, now)
        self._verified.put(credential.token, now, principal)
        return principal

    async def _load(self) -> KeySet:
        self._keys = KeySet(jwks(await self._key()), self._verifier.policy.algorithms)
        return self._keys
