"""Tokens of every kind, also those that no honest issuer would sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from cortex_core.contract import make
from cortex_core.ports import AttributeValue, Carrier, Level, NoTelemetry, Span

Capability = Literal["public-keys", "published", "typed"]
"""What tokens of an issuer are like, and with them what can be tried.

public-keys: they are signed with a private key, and name it by `kid`.
published: a test decides which keys the issuer publishes.
typed: they say of what type they are (`typ`), of which at+jwt is one.
"""

Json = dict[str, object]


class Forge(Protocol):
    """Signs like one issuer that the provider believes, and like others.

    Keys go by names: "ours" is the issuer's, "next" its next, "stranger" is nobody's, all three
    for *algorithm*; "curve" is a private key for ES256, or 64 bytes of anything where the issuer
    has a secret. Signatures with a longer hash (`HS384`) are asked for, too.
    """

    issuer: str
    audience: str
    algorithm: str
    namespace: str
    """What the names of the claims name, email and email_verified begin with."""

    def sign(self, signed: bytes, *, key: str, algorithm: str) -> bytes:
        """Return the signature (RFC 7515) over *signed*."""
        ...

    def jwk(self, key: str) -> Json:
        """Return the public half of *key* as a JWK with `use`, `alg` and `kid`.

        Of a secret that is a JWK of the type "oct", as no honest issuer would publish it.
        """
        ...

    def pem(self) -> bytes:
        """Return the public half of "ours" as PEM; a secret has none, and is not asked for it."""
        ...


class KeyEndpoint(Protocol):
    """Where the provider gets keys; counts, and fails as it is told."""

    @property
    def discoveries(self) -> int:
        """How often the metadata was asked for."""
        ...

    @property
    def fetches(self) -> int:
        """How often the keys were asked for."""
        ...

    def publish(self, *keys: object) -> None:
        """From now on, give these as the members of the JWK Set."""
        ...

    def claim(self, **metadata: object) -> None:
        """From now on, say this in the metadata."""
        ...

    def down(self) -> None:
        """From now on, answer with status 500."""
        ...

    def up(self) -> None:
        """Be as at first."""
        ...

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Give no answer while inside."""
        ...


class SetClock:
    """Time that stands at `make.NOON` until it is moved."""

    def __init__(self) -> None:
        self.now = make.NOON

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Return the same as seconds, for whoever measures how long things take."""
        return self.now.timestamp()

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Ear(NoTelemetry):
    """Telemetry that keeps every word."""

    def __init__(self) -> None:
        self.words: list[str] = []

    @contextmanager
    def span(
        self,
        name: str,
        parent: Carrier | None = None,  # noqa: ARG002
        links: Sequence[Carrier] = (),  # noqa: ARG002
        /,
        **attributes: AttributeValue,
    ) -> Iterator[Span]:
        self._keep(name, attributes)
        yield self

    def set(self, **attributes: AttributeValue) -> None:
        self._keep("", attributes)

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        self._keep(name, attributes | {"value": value})

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        self._keep(name, attributes | {"value": value})

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        self._keep(event, attributes | {"level": level})

    def _keep(self, name: str, attributes: dict[str, AttributeValue]) -> None:
        self.words += [name, *attributes, *map(str, attributes.values())]


class Tokens:
    """Tokens at noon: a good one, and everything that can be wrong with it."""

    today: Final = int(make.NOON.timestamp())

    def __init__(self, forge: Forge, *, public_keys: bool = True) -> None:
        self.forge = forge
        self.issuer = forge.issuer
        self.audience = forge.audience
        self._public_keys = public_keys

    def header(self, **members: object) -> Json:
        """Return the header that the issuer writes, changed by *members*; None takes one away."""
        named = {"kid": self.kid("ours")} if self._public_keys else {}
        return _changed({"alg": self.forge.algorithm, "typ": "JWT", **named}, members)

    def claims(self, **members: object) -> Json:
        """Return the claims of a person, changed by *members*; None takes one away."""
        plain: Json = {
            "iss": self.issuer,
            "sub": "auth0|507f1f77bcf86cd799439011",
            "aud": [self.audience, f"{self.issuer}userinfo"],
            "iat": self.today - 60,
            "exp": self.today + 3600,
            "azp": "my_client_id",
            "scope": "openid read:messages",
            "permissions": ["read:messages"],
            f"{self.forge.namespace}email": "ada@example.com",
            f"{self.forge.namespace}email_verified": True,
            f"{self.forge.namespace}name": "Ada",
        }
        return _changed(plain, members)

    @property
    def longer(self) -> str:
        """The issuer's algorithm with a longer hash."""
        return f"{self.forge.algorithm[:2]}384"

    def jwk(self, key: str = "ours", **members: object) -> Json:
        """Return a public key, changed by *members*; None takes one away."""
        return _changed(self.forge.jwk(key), members)

    def kid(self, key: str) -> str:
        return str(self.forge.jwk(key)["kid"])

    def sign(
        self,
        header: object | None = None,
        claims: object | None = None,
        *,
        key: str = "ours",
        algorithm: str | None = None,
    ) -> str:
        """Sign what is given, as it is; bytes are taken for JSON already."""
        signed = _signed(
            self.header() if header is None else header,
            self.claims() if claims is None else claims,
        )
        raw = self.forge.sign(signed.encode(), key=key, algorithm=algorithm or self.forge.algorithm)
        return f"{signed}.{b64(raw)}"

    def with_(self, **members: object) -> str:
        """Sign these claims; None takes one away."""
        return self.sign(None, self.claims(**members))

    def headed(self, **members: object) -> str:
        """Sign with these in the header; None takes one away."""
        return self.sign(self.header(**members))

    def spelt(self, name: str, text: str) -> str:
        """Sign with a claim that is written as *text*, which may be no JSON."""
        return self.sign(
            None, json.dumps(self.claims(**{name: "@@"})).replace('"@@"', text).encode()
        )

    def unsigned(self, **members: object) -> str:
        return f"{_signed(self.header(**members), self.claims())}."

    def hmac(self, secret: bytes) -> str:
        """Sign with *secret* as HS256 does (RFC 7518 section 3.2)."""
        signed = _signed(self.header(alg="HS256"), self.claims())
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def tampered(self) -> str:
        head, _, signature = self.sign().split(".")
        return f"{head}.{b64(_json(self.claims(sub='auth0|somebody-else')))}.{signature}"

    def loose_tail(self) -> str:
        """Set bits of the last character that a decoder throws away."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        token = self.sign()
        # Neither 32 nor 256 bytes fill their last character.
        return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


class Case:
    """A token, what comes of it, and what it takes to try it.

    keys: what the issuer publishes, where that is not just "ours".
    because: a word for what is wrong with the token; None if nothing is.
    """

    def __init__(
        self,
        id_: str,
        title: str,
        token: Callable[[Tokens], str],
        *,
        keys: Callable[[Tokens], list[object]] | None = None,
        because: str | None = None,
        needs: frozenset[Capability] = frozenset(),
    ) -> None:
        self.id = id_
        self.title = title
        self.token = token
        self.keys = keys
        self.because = because
        self.needs = needs | ({"published"} if keys is not None else frozenset())

    def __str__(self) -> str:
        return f"{self.id}-{self.title.replace(' ', '-')}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed(header: object, claims: object) -> str:
    return f"{b64(_json(header))}.{b64(_json(claims))}"


def _json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _changed(plain: Json, members: Json) -> Json:
    return {name: value for name, value in (plain | members).items() if value is not None}
