"""What an `IdentityProvider` must do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

import pytest

from cortex_core.contract import make
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.ports import Credential, IdentityProvider, Scheme

HOSTILE: Final = {
    "empty": "",
    "space": " ",
    "dots": "..",
    "four parts": "a.b.c.d",
    "null": "a\x00b",
    "not ascii": "\N{PILE OF POO}",
    "surrogate": "\ud800",
    "line": "a\r\nX-Evil: 1",
    "huge": "a" * 1_000_000,
    "many dots": "." * 100_000,
    "no algorithm": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
}


class Mint(Protocol):
    """Makes a token that proves a user to the provider until *expires_at*."""

    async def __call__(
        self,
        *,
        subject: str,
        permissions: frozenset[str],
        name: str,
        email: str,
        expires_at: datetime,
    ) -> str: ...


class IdentityProviderContract:
    """Give it `provider`, whose clock stands at `make.NOON`, and `mint`, which it believes."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        return "asyncio"

    @pytest.fixture
    def provider(self) -> IdentityProvider:
        """Give a provider whose clock stands at `make.NOON`."""
        raise NotImplementedError

    @pytest.fixture
    def mint(self) -> Mint:
        """Give what makes tokens that the provider believes."""
        raise NotImplementedError

    async def test_a_token_proves_its_principal(
        self, provider: IdentityProvider, mint: Mint
    ) -> None:
        """And again the second time, when it may be remembered."""
        token = await _token(mint, "auth0|ada", permissions=frozenset({"read:messages", "x:y"}))
        for _ in range(2):
            principal = await provider.authenticate(bearer(token))
            assert principal.kind == "user"
            assert principal.issuer
            assert principal.subject == "auth0|ada"
            assert principal.permissions == {"read:messages", "x:y"}
            assert (principal.name, principal.email) == ("Ada", "ada@example.org")
            assert principal.expires_at == make.at(600)

    async def test_no_permissions_mean_none(self, provider: IdentityProvider, mint: Mint) -> None:
        token = await _token(mint, "ada", permissions=frozenset())
        assert (await provider.authenticate(bearer(token))).permissions == frozenset()

    async def test_two_tokens_prove_two_principals(
        self, provider: IdentityProvider, mint: Mint
    ) -> None:
        tokens = [
            await _token(mint, subject) for subject in ("ada", "ADA", "ada ", "\xe9", "e\u0301")
        ]
        found = [await provider.authenticate(bearer(token)) for token in tokens]
        assert [principal.subject for principal in found] == [
            "ada",
            "ADA",
            "ada ",
            "\xe9",
            "e\u0301",
        ]
        assert len({principal.issuer for principal in found}) == 1

    async def test_an_expired_token_proves_nobody(
        self, provider: IdentityProvider, mint: Mint
    ) -> None:
        token = await _token(mint, "ada", expires_at=make.NOON - timedelta(hours=1))
        with pytest.raises(UnauthenticatedError):
            await provider.authenticate(bearer(token))

    async def test_an_altered_token_proves_nobody(
        self, provider: IdentityProvider, mint: Mint
    ) -> None:
        token = await _token(mint, "ada")
        await provider.authenticate(bearer(token))
        middle = len(token) // 2
        other = "A" if token[middle] != "A" else "B"
        for altered in (
            token[:middle] + other + token[middle + 1 :],
            token[:-5],
            token + "A",
            " " + token,
            token + "\n",
            token.swapcase(),
            token + "." + token,
        ):
            with pytest.raises(UnauthenticatedError):
                await provider.authenticate(bearer(altered))

    @pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
    async def test_what_is_no_token_proves_nobody(
        self, provider: IdentityProvider, token: str
    ) -> None:
        schemes: list[Scheme] = ["Bearer", "DPoP"]
        for scheme in schemes:
            with pytest.raises(UnauthenticatedError) as caught:
                await provider.authenticate(Credential(scheme=scheme, token=token))
            assert not token.strip(" .") or token not in str(caught.value)


async def _token(
    mint: Mint,
    subject: str,
    *,
    permissions: frozenset[str] = frozenset({"read:messages"}),
    expires_at: datetime | None = None,
) -> str:
    return await mint(
        subject=subject,
        permissions=permissions,
        name="Ada",
        email="ada@example.org",
        expires_at=expires_at or make.at(600),
    )


def bearer(token: str) -> Credential:
    return Credential(scheme="Bearer", token=token)
