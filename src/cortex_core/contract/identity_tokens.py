"""What an `IdentityProvider` of signed tokens must do, case by case."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from cortex_core.contract import make
from cortex_core.contract.identity import IdentityProviderContract, Mint, bearer
from cortex_core.contract.identity_cases import ACCEPTED, REFUSED
from cortex_core.contract.identity_forge import (
    Capability,
    Case,
    Ear,
    Forge,
    KeyEndpoint,
    SetClock,
    Tokens,
)
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.ports import Credential, IdentityProvider, Proof


class IdentityContract(IdentityProviderContract):
    """Give it `can`, `forge` and `provider`, and where a test can publish keys `endpoint`.

    `provider` trusts the issuer of `forge` for its audience, with a leeway of 30 s, tokens of up
    to 16 KiB, and a lifetime of up to 24 h. Its fixture asks for `clock`, by which it tells the
    time, and for `ear`, the telemetry that it speaks to, if it speaks; both are made here. The
    other rules are in the table of `IdentityProvider`. A case that tokens of this kind cannot be
    made for, by `can`, is no test of the class; with nothing in `can`, tokens are signed with
    a secret.
    """

    can: ClassVar[frozenset[Capability]] = frozenset()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for name, cases in (("accepted", ACCEPTED), ("refused", REFUSED)):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, [case for case in cases if self.tries(case)], ids=str)

    @classmethod
    def tries(cls, case: Case) -> bool:
        """Say whether *case* can be tried with tokens of this kind."""
        return case.needs <= cls.can

    @pytest.fixture
    def clock(self) -> SetClock:
        return SetClock()

    @pytest.fixture
    def ear(self) -> Ear:
        return Ear()

    @pytest.fixture
    def forge(self) -> Forge:
        """Give what signs for the issuer."""
        raise NotImplementedError

    @pytest.fixture
    def endpoint(self) -> KeyEndpoint | None:
        """Give where the provider gets its keys, which publishes "ours" at first."""
        return None

    @pytest.fixture
    def tokens(self, forge: Forge) -> Tokens:
        return Tokens(forge, public_keys="public-keys" in self.can)

    @pytest.fixture
    def mint(self, tokens: Tokens) -> Mint:
        async def mint(
            *,
            subject: str,
            permissions: frozenset[str],
            name: str,
            email: str,
            expires_at: datetime,
        ) -> str:
            named = {
                f"{tokens.forge.namespace}name": name,
                f"{tokens.forge.namespace}email": email,
            }
            return tokens.with_(
                sub=subject,
                permissions=sorted(permissions),
                iat=(expires_at - timedelta(hours=1)).timestamp(),
                exp=expires_at.timestamp(),
                **named,
            )

        return mint

    async def test_a_good_token_is_accepted(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint | None,
        accepted: Case,
    ) -> None:
        """And the second time alike, when it may be remembered."""
        _publish(endpoint, tokens, accepted)
        credential = bearer(accepted.token(tokens))
        principal = await provider.authenticate(credential)
        assert principal == await provider.authenticate(credential)
        assert (principal.kind == "machine") == (accepted.id == "P05")
        assert (principal.subject == "waad/Jürgen Ω") == (accepted.id == "P15")
        assert principal.permissions == {"read:messages"}
        assert principal.scopes == {"openid", "read:messages"}
        assert principal.client_id == "my_client_id"

    async def test_a_bad_token_is_refused(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint | None,
        refused: Case,
    ) -> None:
        """And the second time alike, and a good one is not the worse for it."""
        _publish(endpoint, tokens, refused)
        credential = bearer(refused.token(tokens))
        for _ in range(2):
            with pytest.raises(UnauthenticatedError) as refusal:
                await provider.authenticate(credential)
            assert refusal.value.reason
            assert not refusal.value.missing
        if refused.keys is None:
            await provider.authenticate(bearer(tokens.sign()))

    async def test_b16_nothing_is_said_of_a_token(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint | None,
        ear: Ear,
        caplog: pytest.LogCaptureFixture,
        refused: Case,
    ) -> None:
        """Neither in what is raised nor in what is logged: no part of it, and no line break."""
        _publish(endpoint, tokens, refused)
        token = refused.token(tokens)
        with caplog.at_level("DEBUG"), pytest.raises(UnauthenticatedError) as refusal:
            await provider.authenticate(bearer(token))
        raised = f"{traceback.format_exception(refusal.value)} {refusal.value!r}"
        heard = "\n".join([*ear.words, refusal.value.reason, caplog.text])
        assert not [word for word in ear.words if "\n" in word or "\r" in word]
        pieces = {token[start : start + 12] for start in range(0, max(len(token) - 12, 1), 7)}
        assert not [piece for piece in pieces if piece in heard or piece in raised]
        assert refusal.value.__cause__ is None

    async def test_a_token_is_for_whoever_bears_it_only_as_bearer(
        self, provider: IdentityProvider, tokens: Tokens
    ) -> None:
        token = tokens.sign()
        for _ in range(2):
            with pytest.raises(UnauthenticatedError):
                await provider.authenticate(Credential(scheme="DPoP", token=token))
            await provider.authenticate(bearer(token))

    async def test_n76_a_token_that_is_bound_to_a_key_is_for_its_holder_only(
        self, provider: IdentityProvider, tokens: Tokens
    ) -> None:
        """Not for whoever bears it, nor without a proof, nor with one that is none."""
        token = tokens.with_(cnf={"jkt": "A" * 43})
        nothing = Proof(text="a.b.c", method="GET", uri="https://cortex.test/v1/me")
        for _ in range(2):
            for credential in (
                bearer(token),
                Credential(scheme="Bearer", token=token, proof=nothing),
                Credential(scheme="DPoP", token=token),
                Credential(scheme="DPoP", token=token, proof=nothing),
            ):
                with pytest.raises(UnauthenticatedError):
                    await provider.authenticate(credential)

    async def test_no_permissions_are_none_whatever_scope_says(
        self, provider: IdentityProvider, tokens: Tokens
    ) -> None:
        machine = {"sub": "my_client_id@clients", "gty": "client-credentials"}
        for members in ({}, machine):
            principal = await provider.authenticate(bearer(tokens.with_(permissions=[], **members)))
            assert principal.permissions == frozenset()
            assert principal.scopes == {"openid", "read:messages"}

    async def test_a_machines_scope_is_what_it_may(
        self, provider: IdentityProvider, tokens: Tokens
    ) -> None:
        token = tokens.with_(
            sub="my_client_id@clients", permissions=None, scope="read:messages write:messages"
        )
        principal = await provider.authenticate(bearer(token))
        assert principal.kind == "machine"
        assert principal.permissions == {"read:messages", "write:messages"}

    async def test_a_remembered_token_ends_when_it_expires(
        self, provider: IdentityProvider, tokens: Tokens, clock: SetClock
    ) -> None:
        credential = bearer(tokens.with_(exp=tokens.today + 60))
        first = await provider.authenticate(credential)
        assert first.expires_at == make.at(60)
        clock.move(89)
        assert await provider.authenticate(credential) == first
        clock.move(1)
        with pytest.raises(UnauthenticatedError):
            await provider.authenticate(credential)


def _publish(endpoint: KeyEndpoint | None, tokens: Tokens, case: Case) -> None:
    if case.keys is not None:
        assert endpoint is not None, "whoever can publish gives an endpoint"
        endpoint.publish(*case.keys(tokens))
