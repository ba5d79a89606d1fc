"""The identity port over any number of issuers, each with its own rules and keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.keys.source import KeySource
from cortex_adapters.auth0.tokens.policy import MAX_SIZE, TokenPolicy
from cortex_adapters.auth0.tokens.refusal import proof_refused, refused
from cortex_adapters.auth0.tokens.verified import VerifiedTokens
from cortex_adapters.auth0.tokens.verifier import TokenVerifier, Unverified, read_token
from cortex_core.domain.errors import SettingsError, UnauthenticatedError
from cortex_core.ports import Clock, Credential, Principal


class People(Protocol):
    """Knows people by name."""

    async def complete(self, principal: Principal, token: str, audience: object) -> Principal:
        """Return *principal*, with name and address where its verified *token* has neither."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer whose tokens are accepted: its rules, and where its keys come from.

    people: who knows people by name of whom its tokens say nothing; None for nobody.
    """

    policy: TokenPolicy
    keys: KeySource
    people: People | None = None


class JwtIdentityProvider:
    """Verifies signed access tokens of the issuers it is given.

    A token is read, and routed to its issuer by the exact `iss` it claims, before a key is
    asked for: what is no token, or names an issuer that is not trusted, costs no network.
    Each issuer has its own algorithms, keys and audience, and proves nothing for another.

    A token that was verified is remembered until it expires, among at most 4096 others; why
    that is safe is said in `tokens.verified`; whether it has been revoked is for the caller to
    ask, each time. A refusal is counted by its reason, and tells that and the issuer to whoever
    logs it, and nothing else of the token.

    A token that is bound to a key is taken with a proof only, which is checked each time, and
    no other token is taken with one.

    issuers: none of them twice.
    proofs: None where bound tokens are taken from nobody.
    max_size: the longest token, in characters.
    """

    def __init__(
        self,
        issuers: Iterable[TrustedIssuer],
        *,
        clock: Clock,
        max_size: int = MAX_SIZE,
        proofs: ProofChecker | None = None,
    ) -> None:
        self._issuers: dict[str, tuple[TokenVerifier, KeySource, People | None]] = {}
        for issuer in issuers:
            name = issuer.policy.issuer
            if name in self._issuers:
                raise SettingsError([f"The issuer {name} is trusted twice."])
            self._issuers[name] = TokenVerifier(issuer.policy), issuer.keys, issuer.people
        self._clock = clock
        self._max_size = max_size
        self._proofs = proofs
        self._verified = VerifiedTokens()

    async def authenticate(self, credential: Credential) -> Principal:
        """Return the principal that *credential* proves.

        Raises:
            UnauthenticatedError: It proves nobody; the reason is for our own log.
            ProofRejectedError: The proof that comes along is missing or is none.
            IdentityUnavailableError: The keys cannot be had at the moment.
            StorageCorruptError: The stored key of the local issuer is damaged.
            CortexError: Whatever the store raises, where a proof is to be checked.
        """
        issuer = ""
        try:
            if credential.scheme != "Bearer" and self._proofs is None:
                raise refused("scheme")
            principal = self._verified.get(credential.token, self._clock())
            if principal is None:
                token = read_token(credential.token, max_size=self._max_size)
                verifier, keys, people = self._route(token)
                issuer = verifier.policy.issuer
                verifier.admit(token, self._clock())
                header = token.header
                key = await keys.find(header.key_id, header.algorithm)
                if key is None:
                    raise refused("key-unknown")
                now = self._clock()
                principal = verifier.prove(token, key, now)
                if people is not None:
                    audience = token.claims.get("aud")
                    principal = await people.complete(principal, credential.token, audience)
                holds = partial(keys.holds, header.key_id, header.algorithm, key)
                self._verified.put(credential.token, now, principal, holds)
            else:
                issuer = principal.issuer
            if credential.scheme != "Bearer" or principal.binding is not None:
                await self._check_possession(credential, principal.binding)
        except UnauthenticatedError as refusal:
            refusal.issuer = issuer
            raise
        return principal

    async def _check_possession(self, credential: Credential, binding: str | None) -> None:
        """Check the proof of a token that is bound, and refuse every other way of showing one."""
        if credential.scheme == "Bearer" or self._proofs is None:
            raise refused("binding")
        if binding is None:
            raise refused("unbound")
        if credential.proof is None:
            raise proof_refused("proof-missing")
        await self._proofs.check(credential.proof, token=credential.token, binding=binding)

    def _route(self, token: Unverified) -> tuple[TokenVerifier, KeySource, People | None]:
        named = token.claims.get("iss")
        found = self._issuers.get(named) if isinstance(named, str) else None
        if found is None:
            raise refused("issuer")
        return found
