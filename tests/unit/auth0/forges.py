"""What the identity contract signs with, by kind of issuer."""

import hashlib

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cortex_adapters.local_identity.keys import SigningKey
from cortex_core.contract.identity_forge import Json
from tests.unit.auth0.forge import b64, curve_key, jwk, signing_key


class PublicKeyForge:
    """Signs with RS256; *prefix* makes the keys of two issuers two."""

    algorithm = "RS256"

    def __init__(self, issuer: str, audience: str, *, namespace: str, prefix: str = "") -> None:
        self.issuer = issuer
        self.audience = audience
        self.namespace = namespace
        self._prefix = prefix

    def key(self, name: str) -> SigningKey:
        return signing_key(f"{self._prefix}{name}")

    def sign(self, signed: bytes, *, key: str, algorithm: str) -> bytes:
        private = curve_key() if key == "curve" else self.key(key).private
        return _signature(signed, private, algorithm)

    def jwk(self, key: str) -> Json:
        return jwk(f"{self._prefix}{key}")

    def pem(self) -> bytes:
        public = self.key("ours").private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class SecretForge:
    """Signs with HS256."""

    algorithm = "HS256"
    namespace = ""

    def __init__(self, issuer: str, audience: str) -> None:
        self.issuer = issuer
        self.audience = audience

    def secret(self, name: str) -> str:
        return hashlib.sha256(name.encode()).hexdigest()

    def sign(self, signed: bytes, *, key: str, algorithm: str) -> bytes:
        private = curve_key() if key == "curve" else self.secret(key)
        return _signature(signed, private, algorithm)

    def jwk(self, key: str) -> Json:
        return {"kty": "oct", "kid": key, "k": b64(self.secret(key).encode())}

    def pem(self) -> bytes:
        raise NotImplementedError("A secret has no public half.")


def _signature(signed: bytes, key: object, algorithm: str) -> bytes:
    method = jwt.get_algorithm_by_name(algorithm)
    signature: bytes = method.sign(signed, method.prepare_key(key))
    return signature
