"""Whom a server believes, by its settings."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from cortex_adapters.local_identity.keys import SigningKey, jwks
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.server import identity_provider, open_local, open_tenant
from cortex_adapters.server.identity import email_links
from cortex_adapters.server.tenant import Check, together
from cortex_adapters.settings import Settings, load_settings
from cortex_core.domain.errors import IdentityUnavailableError, UnauthenticatedError
from cortex_core.ports import Credential, IdentityProvider, Principal
from cortex_core.services.linking import EmailLinks

AUDIENCE = "https://cortex.example.com/api"
ROLES = "https://cortex.example.com/roles"
KEY = SigningKey.generate()
FORMER = {
    "CORTEX_LEGACY_ISSUER": "former",
    "CORTEX_LEGACY_AUDIENCE": "former-api",
    "CORTEX_LEGACY_SECRET": "s" * 32,
    "CORTEX_LEGACY_UNTIL": "9999-12-30",
}


class Tenant:
    """An OpenID provider on this machine: metadata and keys."""

    def __init__(self) -> None:
        self.issuer = ""
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode()
        self.asked.append(path)
        metadata = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}keys"}
        body = json.dumps(jwks(KEY) if path == "/keys" else metadata).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def tenant() -> AsyncIterator[Tenant]:
    found = Tenant()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    async with server:
        found.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        yield found


def settings(*domains: str, **more: str) -> Settings:
    return load_settings(
        {
            "CORTEX_AUTH0_DOMAIN": ",".join(domains),
            "CORTEX_AUTH0_AUDIENCE": AUDIENCE,
            "CORTEX_AUTH0_ROLES_CLAIM": ROLES,
            **more,
        }
    )


def token(issuer: str, **members: object) -> str:
    now = datetime.now(UTC)
    claims = {
        "iss": issuer,
        "sub": "auth0|ada",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + timedelta(hours=1),
        "azp": "client",
        "scope": "read:messages",
        ROLES: ["admin"],
        "https://cortex.example.com/email": "ada@example.com",
    }
    return jwt.encode(claims | members, KEY.private, "RS256", {"kid": KEY.kid})


def former_token(secret: bytes = b"s" * 32, **members: object) -> str:
    now = datetime.now(UTC)
    claims = {
        "iss": "former",
        "sub": "17",
        "aud": "former-api",
        "iat": now,
        "exp": now + timedelta(hours=1),
        "scope": "read:messages",
    }
    kept = {name: value for name, value in (claims | members).items() if value is not None}
    return jwt.encode(kept, secret, "HS256")


@asynccontextmanager
async def opened(
    chosen: Settings, local: LocalIdentity
) -> AsyncIterator[tuple[IdentityProvider, Mapping[str, Check]]]:
    async with open_tenant(chosen, MemoryTelemetry()) as tenant:
        yield identity_provider(chosen, local, tenant), tenant.checks


async def prove(identity: IdentityProvider, token: str) -> Principal:
    return await identity.authenticate(Credential(scheme="Bearer", token=token))


async def test_the_tenant_the_former_issuer_and_the_local_one_side_by_side():
    async with tenant() as here:
        chosen = settings(here.issuer, **FORMER)
        local = open_local(chosen, MemoryStore())
        async with opened(chosen, local) as (identity, checks):
            assert await checks["identity"]() is None
            ada = await prove(identity, token(here.issuer))
            assert (ada.issuer, ada.email) == (here.issuer, "ada@example.com")
            assert ada.roles == {"admin"}
            assert not ada.permissions
            minted = (await local.issuer()).mint("ada@example.com").access_token
            assert (await prove(identity, minted)).issuer == local.name
            assert (await prove(identity, former_token())).permissions == {"read:messages"}
        assert here.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_the_last_day_of_a_former_issuer_may_be_the_last_of_all():
    chosen = load_settings({**FORMER, "CORTEX_LEGACY_UNTIL": "9999-12-31"})
    async with opened(chosen, open_local(chosen, MemoryStore())) as (identity, _):
        assert (await prove(identity, former_token())).subject == "17"


async def test_a_secret_of_any_bytes_is_given_in_base64():
    secret = bytes(range(128, 160))
    chosen = load_settings(
        {**FORMER, "CORTEX_LEGACY_SECRET": f"base64:{b64encode(secret).decode()}"}
    )
    async with opened(chosen, open_local(chosen, MemoryStore())) as (identity, _):
        assert (await prove(identity, former_token(secret))).subject == "17"
        with pytest.raises(UnauthenticatedError):
            await prove(identity, former_token(b64encode(secret)))


async def test_every_domain_of_a_tenant_knows_the_same_people_by_its_own_keys():
    async with tenant() as first, tenant() as second:
        chosen = settings(first.issuer, second.issuer)
        local = open_local(chosen, MemoryStore())
        async with opened(chosen, local) as (identity, _):
            people = [await prove(identity, token(each.issuer)) for each in (first, second)]
        assert {person.issuer for person in people} == {first.issuer}
        assert len(first.asked) == len(second.asked) == 2


async def test_production_believes_no_local_issuer():
    production = {"CORTEX_ENVIRONMENT": "production"}
    chosen = settings("tenant.test", CORTEX_DATABASE_URL="sqlite:///x.db", **production, **FORMER)
    local = open_local(chosen, MemoryStore())
    async with opened(chosen, local) as (identity, _):
        minted = (await local.issuer()).mint("ada@example.com").access_token
        with pytest.raises(UnauthenticatedError):
            await prove(identity, minted)
        await prove(identity, former_token())


async def test_the_settings_of_tokens_hold_for_the_tenant():
    more = {
        "CORTEX_AUTH0_RBAC": "off",
        "CORTEX_AUTH0_ALLOWED_CLIENTS": "client",
        "CORTEX_AUTH0_ORGANIZATION": "org_1",
        "CORTEX_TOKEN_MAX_LIFETIME": "3600",
        "CORTEX_TOKEN_MAX_SIZE": "2000",
        "CORTEX_TOKEN_LEEWAY": "0",
    }
    now = datetime.now(UTC)
    async with tenant() as here:
        chosen = settings(here.issuer, **more)
        local = open_local(chosen, MemoryStore())
        async with opened(chosen, local) as (identity, _):
            good = await prove(identity, token(here.issuer, org_id="org_1"))
            assert good.permissions == {"read:messages"}
            for bad in (
                {},
                {"org_id": "org_1", "azp": "other"},
                {"org_id": "org_1", "exp": now + timedelta(seconds=3700)},
                {"org_id": "org_1", "x": "x" * 2000},
                {"org_id": "org_1", "exp": now - timedelta(seconds=2)},
            ):
                with pytest.raises(UnauthenticatedError):
                    await prove(identity, token(here.issuer, **bad))


async def test_a_former_token_without_rights_has_those_of_the_settings():
    chosen = load_settings({**FORMER, "CORTEX_LEGACY_PERMISSIONS": "read:messages,write:messages"})
    local = open_local(chosen, MemoryStore())
    async with opened(chosen, local) as (identity, _):
        plain = await prove(identity, former_token(scope=None, email="ada@example.com"))
        assert plain.permissions == {"read:messages", "write:messages"}
        assert plain.email == "ada@example.com"
        assert not (await prove(identity, former_token(permissions=[]))).permissions


class Keys:
    def __init__(self, found: str | None | Exception) -> None:
        self._found = found

    async def check(self) -> str | None:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


async def test_a_tenant_is_as_well_as_its_domains():
    away = IdentityUnavailableError()
    assert await together([Keys(None), Keys(None)]) is None
    assert await together([Keys(None), Keys("degraded")]) == "degraded"
    assert await together([Keys(None), Keys(away)]) == "degraded"
    with pytest.raises(IdentityUnavailableError):
        await together([Keys(away), Keys(away)])
    with pytest.raises(ZeroDivisionError):
        await together([Keys(None), Keys(ZeroDivisionError())])


def test_addresses_link_from_the_former_issuer_to_the_tenant_if_that_is_asked_for() -> None:
    domains = {
        "CORTEX_AUTH0_DOMAIN": "tenant.test, login.test",
        "CORTEX_AUTH0_AUDIENCE": AUDIENCE,
    }
    assert email_links(load_settings({**FORMER, **domains})) is None
    links = email_links(load_settings({**FORMER, **domains, "CORTEX_LINK_VERIFIED_EMAIL": "on"}))
    assert links == EmailLinks(former="former", issuers=frozenset({"https://tenant.test/"}))
