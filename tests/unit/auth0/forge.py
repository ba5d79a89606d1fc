"""Makes tokens of every kind, also those that no honest issuer would sign."""

import base64
import json
from datetime import datetime, timedelta
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_adapters.auth0.tokens.key_set import KeySet
from cortex_adapters.auth0.tokens.policy import MAX_SIZE, TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.verifier import TokenVerifier, read_token
from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE, LocalIssuer
from cortex_adapters.local_identity.keys import SigningKey, jwks
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import KeyPairSource, fixed_key
from cortex_adapters.server.issuers import local_issuer as trusted
from cortex_core.contract import make
from cortex_core.ports import Clock, Credential, Principal
from cortex_core.ports.clock import system_clock

AUDIENCE = "https://api.cortex.test"
NOW = make.NOON
TODAY = int(NOW.timestamp())


class SetClock:
    """Time that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def signing_key(name: str = "ours") -> SigningKey:
    return _made(name)


@cache
def _made(_name: str) -> SigningKey:
    return SigningKey.generate()


@cache
def small_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@cache
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def header(**members: object) -> dict[str, object]:
    """The header that our issuer writes, changed by *members*; None takes one away."""
    return _changed({"alg": "RS256", "kid": signing_key().kid, "typ": "JWT"}, members)


def claims(**members: object) -> dict[str, object]:
    """The claims of a person in Auth0's dialect, changed by *members*; None takes one away."""
    plain: dict[str, object] = {
        "iss": ISSUER,
        "sub": "auth0|507f1f77bcf86cd799439011",
        "aud": [AUDIENCE, f"{ISSUER}userinfo"],
        "iat": TODAY - 60,
        "exp": TODAY + 3600,
        "azp": "my_client_id",
        "scope": "openid read:messages",
        "permissions": ["read:messages"],
        f"{NAMESPACE}email": "ada@example.com",
        f"{NAMESPACE}email_verified": True,
        f"{NAMESPACE}name": "Ada",
    }
    return _changed(plain, members)


def _changed(plain: dict[str, object], members: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in (plain | members).items() if value is not None}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def sign(
    header_: object | None = None,
    claims_: object | None = None,
    *,
    key: object = None,
    algorithm: str = "RS256",
) -> str:
    """Sign what is given, as it is; bytes are taken for JSON already."""
    parts = [header() if header_ is None else header_, claims() if claims_ is None else claims_]
    signed = ".".join(b64(compact(part)) for part in parts)
    method = jwt.get_algorithm_by_name(algorithm)
    ready = method.prepare_key(signing_key().private if key is None else key)
    return f"{signed}.{b64(method.sign(signed.encode(), ready))}"


def jwk(name: str = "ours", **members: object) -> dict[str, object]:
    """A public key of ours, changed by *members*; None takes one away."""
    return _changed(dict(jwks(signing_key(name))["keys"][0]), members)


def local_issuer(clock: SetClock | None = None) -> LocalIssuer:
    return LocalIssuer(signing_key(), clock=clock or SetClock(), audience=AUDIENCE)


def provider(
    local: LocalIdentity,
    clock: Clock = system_clock,
) -> JwtIdentityProvider:
    """Give a provider that trusts *local* alone."""
    return JwtIdentityProvider([trusted(local)], clock=clock)


def local_provider(
    clock: SetClock | None = None,
    *,
    key: KeyPairSource | None = None,
) -> JwtIdentityProvider:
    local = LocalIdentity(key or fixed_key(signing_key()), audience=AUDIENCE)
    return provider(local, clock or SetClock())


def bearer(token: str) -> Credential:
    return Credential(scheme="Bearer", token=token)


def verify(token: str, *keys: object, policy: TokenPolicy | None = None) -> Principal:
    """Verify *token* at NOW with the JWK Set of *keys*."""
    rules = policy or TokenPolicy(issuer=ISSUER, audience=AUDIENCE, namespace=NAMESPACE)
    verifier = TokenVerifier(rules)
    read = read_token(token, max_size=MAX_SIZE)
    verifier.admit(read, NOW)
    found = KeySet({"keys": list(keys)}, rules.algorithms)
    key = found.find(read.header.key_id or "", read.header.algorithm)
    if key is None:
        raise refused("key-unknown")
    return verifier.prove(read, key, NOW)
