"""Mints access tokens in Auth0's shape, for development without a tenant."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal

import jwt
import msgspec

from cortex_adapters.local_identity.keys import ALGORITHM, SigningKey
from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.domain.text import USER_NAME_LENGTH, text_faults, unstorable
from cortex_core.ports.clock import Clock

ISSUER: Final = "https://cortex.local/"
NAMESPACE: Final = "https://cortex.local/"
"""What the names of the profile claims begin with; the issuer itself may be another."""
MAX_LIFETIME: Final = timedelta(hours=24)

_APPLICATION: Final = "cortex-local"
_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+")
_EMAIL_LENGTH: Final = 254
_CLIENT: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An access token as RFC 6749 section 5.1 answers it; *expires_in* is in seconds."""

    access_token: str
    token_type: Literal["Bearer", "DPoP"] = "Bearer"  # noqa: S105 (the name of a scheme)
    expires_in: int

    def __repr__(self) -> str:
        return f"Token(<{len(self.access_token)} characters>, expires_in={self.expires_in})"


class LocalIssuer:
    """Signs tokens for whoever asks: it belongs on a developer's machine only.

    A person's subject is `local|` and a digest of the e-mail address in normal form (NFC,
    case folded), so that one address is one user, on every machine.
    """

    def __init__(
        self, key: SigningKey, *, clock: Clock, audience: str, issuer: str = ISSUER
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._key = key
        self._clock = clock

    def mint(
        self,
        email: str,
        *,
        name: str = "",
        permissions: Sequence[str] | None = None,
        lifetime: timedelta = MAX_LIFETIME,
        binding: str | None = None,
    ) -> Token:
        """Return a token of the person with this address: all permissions unless named.

        Without a *name* the address is the name, as with Auth0. With a *binding* it is for the
        holder of the key with that thumbprint (RFC 9449 section 6.1).

        Raises:
            InvalidInputError: A fault points to /email, /name, /permissions/<n> or /lifetime.
        """
        _require(
            _email_faults(email),
            text_faults("/name", name, least=0, most=USER_NAME_LENGTH),
        )
        normal = unicodedata.normalize("NFC", email)
        return self._sign(
            {
                "sub": _subject(email),
                "azp": _APPLICATION,
                f"{NAMESPACE}email": normal,
                f"{NAMESPACE}email_verified": True,
                f"{NAMESPACE}name": name or normal[:USER_NAME_LENGTH],
                **({} if binding is None else {"cnf": {"jkt": binding}}),
            },
            permissions,
            lifetime,
        )

    def mint_machine(
        self,
        client: str,
        *,
        permissions: Sequence[str] | None = None,
        lifetime: timedelta = MAX_LIFETIME,
    ) -> Token:
        """Return a token of a program: all permissions unless named.

        Raises:
            InvalidInputError: A fault points to /client, /permissions/<n> or /lifetime.
        """
        _require(_client_faults(client))
        return self._sign(
            {"sub": f"{client}@clients", "azp": client, "gty": "client-credentials"},
            permissions,
            lifetime,
        )

    def identify(
        self,
        email: str,
        *,
        client_id: str,
        nonce: str | None,
        session_id: str,
        lifetime: timedelta,
    ) -> str:
        """Return an ID token (OpenID Connect Core 1.0 section 2) for *client_id*."""
        issued = int(self._clock().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": _subject(email),
            "aud": client_id,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "sid": session_id,
        }
        return self._encode(claims if nonce is None else claims | {"nonce": nonce}, "JWT")

    def write(self, kind: str, value: object, lifetime: timedelta) -> str:
        """Return a signed text that `read_back` reads while *lifetime* lasts; it is no token."""
        expires = self._clock() + lifetime
        return self._encode({"value": value, "until": expires.timestamp()}, kind)

    def read_back(self, kind: str, text: str) -> object:
        """Return what was written as *kind*, None if it was not, or not lately."""
        try:
            read = jwt.decode_complete(text, self._key.private.public_key(), algorithms=[ALGORITHM])
        except jwt.PyJWTError:
            return None
        payload = read["payload"]
        if read["header"].get("typ") != kind or payload["until"] <= self._clock().timestamp():
            return None
        return payload["value"]

    def _sign(
        self,
        claims: dict[str, object],
        permissions: Sequence[str] | None,
        lifetime: timedelta,
    ) -> Token:
        _require(_permission_faults(permissions or ()), _lifetime_faults(lifetime))
        granted = sorted(PERMISSIONS if permissions is None else set(permissions))
        issued, seconds = int(self._clock().timestamp()), int(lifetime.total_seconds())
        payload = {
            "iss": self.issuer,
            **claims,
            "aud": [self.audience],
            "iat": issued,
            "exp": issued + seconds,
            "jti": secrets.token_urlsafe(16),
            "scope": " ".join(granted),
            "permissions": granted,
        }
        return Token(
            access_token=self._encode(payload, "JWT"),
            token_type="DPoP" if "cnf" in claims else "Bearer",
            expires_in=seconds,
        )

    def _encode(self, payload: Mapping[str, object], kind: str) -> str:
        headers = {"kid": self._key.kid, "typ": kind}
        return jwt.encode(dict(payload), self._key.private, algorithm=ALGORITHM, headers=headers)


def _subject(email: str) -> str:
    normal = unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())
    return f"local|{hashlib.sha256(normal.encode()).hexdigest()[:32]}"


def _require(*checks: Iterator[Fault]) -> None:
    faults = [fault for check in checks for fault in check]
    if faults:
        raise InvalidInputError(*faults)


def _email_faults(email: str) -> Iterator[Fault]:
    if len(email) > _EMAIL_LENGTH:
        yield Fault("/email", "length", f"must have at most {_EMAIL_LENGTH} characters")
    elif not _EMAIL.fullmatch(email) or unstorable(email):
        yield Fault("/email", "format", "must be an e-mail address, such as ada@example.com")


def _client_faults(client: str) -> Iterator[Fault]:
    if not _CLIENT.fullmatch(client):
        yield Fault("/client", "format", "must be 1 to 100 letters, digits, '.', '_' or '-'")


def _permission_faults(permissions: Sequence[str]) -> Iterator[Fault]:
    for place, permission in enumerate(permissions):
        if permission not in PERMISSIONS:
            allowed = ", ".join(sorted(PERMISSIONS))
            yield Fault(f"/permissions/{place}", "unknown", f"must be one of {allowed}")


def _lifetime_faults(lifetime: timedelta) -> Iterator[Fault]:
    if not timedelta(seconds=1) <= lifetime <= MAX_LIFETIME:
        hours = MAX_LIFETIME // timedelta(hours=1)
        yield Fault("/lifetime", "range", f"must be 1 second to {hours} hours")
