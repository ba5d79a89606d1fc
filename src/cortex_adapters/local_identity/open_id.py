"""The development issuer as an OpenID provider: whoever asks is signed on as whom they say.

It answers the same client that signs on with a tenant. What it gives out it keeps nowhere: codes
and refresh tokens are signed texts, so that every process on one database takes them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from hmac import compare_digest
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from cortex_adapters.local_identity.issuer import LocalIssuer
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_core.domain.errors import Fault, InvalidInputError, UnauthenticatedError

T = TypeVar("T", bound=msgspec.Struct)

CODE_LIFETIME: Final = timedelta(minutes=2)
ACCESS_LIFETIME: Final = timedelta(hours=1)
REFRESH_LIFETIME: Final = timedelta(days=1)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks the authorization endpoint (RFC 6749 section 4.1.1, RFC 7636)."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    name: str
    session_id: str


class _Code(msgspec.Struct, frozen=True, kw_only=True):
    question: Question
    person: _Person


class _Grant(msgspec.Struct, frozen=True, kw_only=True):
    client_id: str
    person: _Person


class LocalOpenId:
    """Signs on for the one client that is this server itself, at *public_url*."""

    def __init__(self, local: LocalIdentity, *, public_url: str) -> None:
        self.issuer = local.name
        self._local = local
        self._redirect_uri = f"{public_url}/auth/callback"
        self._endpoints = {
            "authorization_endpoint": f"{public_url}/auth/dev/authorize",
            "end_session_endpoint": f"{public_url}/auth/dev/signed-off",
        }

    async def endpoint(self, name: str) -> str:
        """Return the address of an endpoint."""
        return self._endpoints[name]

    async def names_itself(self) -> bool:
        """Answers carry `iss` (RFC 9207)."""
        return True

    async def approve(self, question: Question, *, email: str, name: str) -> str:
        """Return where the browser goes back to the client, with a code.

        Raises:
            InvalidInputError: A fault points to /redirect_uri, /email or /name.
        """
        if question.redirect_uri != self._redirect_uri:
            fault = Fault("/redirect_uri", "unknown", f"must be {self._redirect_uri}")
            raise InvalidInputError(fault)
        issuer = await self._local.issuer()
        issuer.mint(email, name=name)  # what cannot be signed on is refused here, and not later
        person = _Person(email=email, name=name, session_id=secrets.token_urlsafe(16))
        code = _Code(question=question, person=person)
        text = issuer.write("code", msgspec.to_builtins(code), CODE_LIFETIME)
        answer = {"code": text, "state": question.state, "iss": self.issuer}
        return f"{self._redirect_uri}?{urlencode(answer)}"

    async def exchange(self, form: Mapping[str, str]) -> dict[str, object]:
        """Return tokens for a code, or for a refresh token.

        Raises:
            UnauthenticatedError: There are none for it.
        """
        issuer = await self._local.issuer()
        if form.get("grant_type") == "refresh_token":
            grant = self._read(issuer, "refresh", form.get("refresh_token", ""), _Grant)
            if grant.client_id != form.get("client_id"):
                raise UnauthenticatedError("grant")
            return self._tokens(issuer, grant.client_id, grant.person, nonce=None)
        code = self._read(issuer, "code", form.get("code", ""), _Code)
        asked = code.question
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked.client_id != form.get("client_id")
            or asked.redirect_uri != form.get("redirect_uri")
            or not compare_digest(challenge, asked.code_challenge)
        ):
            raise UnauthenticatedError("grant")
        return self._tokens(issuer, asked.client_id, code.person, nonce=asked.nonce)

    def _read(self, issuer: LocalIssuer, kind: str, text: str, type_: type[T]) -> T:
        found = issuer.read_back(kind, text)
        if found is None:
            raise UnauthenticatedError("grant")
        return msgspec.convert(found, type_)

    def _tokens(
        self, issuer: LocalIssuer, client_id: str, person: _Person, *, nonce: str | None
    ) -> dict[str, object]:
        access = issuer.mint(person.email, name=person.name, lifetime=ACCESS_LIFETIME)
        grant = _Grant(client_id=client_id, person=person)
        return {
            "access_token": access.access_token,
            "token_type": access.token_type,
            "expires_in": access.expires_in,
            "refresh_token": issuer.write("refresh", msgspec.to_builtins(grant), REFRESH_LIFETIME),
            "id_token": issuer.identify(
                person.email,
                client_id=client_id,
                nonce=nonce,
                session_id=person.session_id,
                lifetime=ACCESS_LIFETIME,
            ),
        }
