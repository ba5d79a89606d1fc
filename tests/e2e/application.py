"""An application of the tenant: signs people on with PKCE, refreshes, hears of sign-off."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.browser import Browser
from tests.e2e.tenant import Tenant, secret_of

SCOPE = "openid offline_access email profile"


@dataclass
class Application:
    """A client of *tenant* that listens on loopback for its people and for notices."""

    tenant: Tenant
    name: str
    url: str = ""
    notices: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def sign_on(self, browser: Browser, user: str, scope: str = "") -> dict[str, Any]:
        """Return the tokens of *user*, who signs on with *browser* (RFC 6749 4.1, RFC 7636)."""
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(8)
        asked = {
            "client_id": self.name,
            "response_type": "code",
            "redirect_uri": f"{self.url}/auth/callback",
            "scope": f"{SCOPE} {scope}".strip(),
            "state": state,
            "code_challenge": _digest(verifier),
            "code_challenge_method": "S256",
        }
        page = await browser.get(f"{self.tenant.issuer}auth?{urlencode(asked)}")
        if "User" in page.text:
            page = await browser.submit(page, "", user=user)
        told = parse_qs(urlsplit(str(page.request.url)).query)
        assert told["state"] == [state], page.text
        assert told["iss"] == [self.tenant.issuer], "RFC 9207"
        answer = await self.token(
            grant_type="authorization_code",
            code=told["code"][0],
            redirect_uri=asked["redirect_uri"],
            code_verifier=verifier,
        )
        return dict(answer.json())

    async def refresh(self, refresh_token: str) -> httpx2.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token)

    async def token(self, **form: str) -> httpx2.Response:
        """Ask for tokens as this application."""
        known = {"client_id": self.name, "client_secret": secret_of(self.name)}
        async with httpx2.AsyncClient() as client:
            return await client.post(f"{self.tenant.issuer}token", data=known | form)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        body = (await reader.readexactly(size)).decode()
        if head.startswith("post /auth/backchannel-logout "):
            self.notices.put_nowait(parse_qs(body)["logout_token"][0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()


@asynccontextmanager
async def listening(tenant: Tenant, name: str) -> AsyncIterator[Application]:
    """Register *name* at *tenant*, which is not started yet, and listen for it."""
    application = Application(tenant, name)
    server = await asyncio.start_server(application._listen, "127.0.0.1", 0)
    async with server:
        application.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        tenant.application(name, application.url)
        yield application


class ProofKey:
    """A key of a client's own, which its tokens are bound to (RFC 9449)."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = jwt.algorithms.ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)

    def proof(self, method: str, url: str, token: str = "", **members: object) -> str:
        """Return a proof for one request, with *token* if it shows one."""
        claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_hex(8)}
        shown = {"ath": _digest(token)} if token else {}
        headers = {"typ": "dpop+jwt", "jwk": self._public}
        return jwt.encode(claims | shown | members, self._private, "ES256", headers)

    async def machine_token(self, tenant: Tenant, *permissions: str) -> str:
        """Return an access token of the machine's that is bound to this key."""
        form = {
            "grant_type": "client_credentials",
            "client_id": "machine",
            "client_secret": secret_of("machine"),
            "scope": " ".join(permissions),
        }
        url = f"{tenant.issuer}token"
        async with httpx2.AsyncClient() as client:
            answer = await client.post(url, data=form, headers={"dpop": self.proof("POST", url)})
        assert answer.json()["token_type"] == "DPoP", answer.text
        return str(answer.json()["access_token"])


def _digest(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
