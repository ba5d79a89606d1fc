"""Makes proofs of possession, also those that no honest client would make."""

import hashlib
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from cortex_adapters.auth0.dpop.proof_key import read_key
from cortex_adapters.memory.store import MemoryStore
from cortex_core.contract import make
from cortex_core.ports import Proof
from tests.unit.auth0.forge import b64, compact

URI = "https://api.cortex.test/v1/me"
TODAY = int(make.NOON.timestamp())


def private_key(name: str = "holder") -> ec.EllipticCurvePrivateKey:
    return _made(name)


@cache
def _made(_name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def edwards_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def public_jwk(name: str = "holder", **members: object) -> dict[str, object]:
    """The public half of a key, changed by *members*; None takes one away."""
    public = private_key(name).public_key()
    return _changed(jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True), members)


def thumbprint(name: str = "holder") -> str:
    return read_key(public_jwk(name), "ES256").thumbprint


def digest(text: str) -> str:
    return b64(hashlib.sha256(text.encode()).digest())


def header(**members: object) -> dict[str, object]:
    return _changed({"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk()}, members)


def claims(token: str = "token", /, **members: object) -> dict[str, object]:
    plain = {"jti": "1", "htm": "GET", "htu": URI, "iat": TODAY, "ath": digest(token)}
    return _changed(plain, members)


def text(
    header_: object | None = None,
    claims_: object | None = None,
    *,
    key: object = None,
    algorithm: str = "ES256",
) -> str:
    """Sign what is given, as it is; bytes are taken for JSON already."""
    parts = [header() if header_ is None else header_, claims() if claims_ is None else claims_]
    signed = ".".join(b64(compact(part)) for part in parts)
    method = jwt.get_algorithm_by_name(algorithm)
    signature = method.sign(signed.encode(), method.prepare_key(key or private_key()))
    return f"{signed}.{b64(signature)}"


def proof(text_: str | None = None, *, method: str = "GET", uri: str = URI) -> Proof:
    return Proof(text=text() if text_ is None else text_, method=method, uri=uri)


class Spending:
    """Spends in a store, as a server does."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.keys: list[str] = []

    async def __call__(self, key, *, now, until) -> bool:
        self.keys.append(key)
        async with self.store.begin(single=True) as work:
            return await work.replays.spend(key, now=now, until=until)


def _changed(plain: dict[str, object], members: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in (plain | members).items() if value is not None}
