"""The cases of the identity document, by their ids: what is presented, and what comes of it."""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cortex_adapters.auth0.tokens.refusal import Reason
from cortex_adapters.local_identity.issuer import ISSUER
from tests.unit.auth0.forge import (
    AUDIENCE,
    TODAY,
    b64,
    claims,
    compact,
    curve_key,
    header,
    jwk,
    sign,
    signing_key,
)


@dataclass(frozen=True)
class Case:
    """A token, the keys to verify it with where they are not just ours, and the outcome."""

    id: str
    title: str
    token: Callable[[], str]
    keys: Callable[[], Sequence[object]] = field(default=lambda: [jwk()])
    reason: Reason | None = None  # None: accepted

    def __str__(self) -> str:
        return f"{self.id}-{self.title.replace(' ', '-')}"


def _unsigned(header_: object) -> str:
    return f"{b64(compact(header_))}.{b64(compact(claims()))}."


def _altered_payload() -> str:
    head, _, signature = sign().split(".")
    return f"{head}.{b64(compact(claims(sub='auth0|somebody-else')))}.{signature}"


def _loose_tail() -> str:
    """Set bits of the last character that a decoder throws away."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = sign()  # 256 bytes of signature: four bits of the last character count
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def _hmac_with_public_key() -> str:
    pem = (
        signing_key()
        .private.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return _hmac(pem)


def _hmac(secret: bytes) -> str:
    signed = f"{b64(compact(header(alg='HS256')))}.{b64(compact(claims()))}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _with(**members: object) -> Callable[[], str]:
    return lambda: sign(None, claims(**members))


def _headed(**members: object) -> Callable[[], str]:
    return lambda: sign(header(**members))


def _spelt(name: str, text: str) -> Callable[[], str]:
    """Write a claim as *text*, which may be no JSON."""
    return lambda: sign(None, json.dumps(claims(**{name: "@@"})).replace('"@@"', text).encode())


def _stranger() -> object:
    return signing_key("stranger").private


ACCEPTED = [
    Case("P01", "auth0 dialect", sign),
    Case(
        "P02",
        "rfc9068 dialect",
        lambda: sign(header(typ="at+jwt"), claims(client_id="my_client_id", jti="1")),
    ),
    Case(
        "P03",
        "typ application at+jwt",
        lambda: sign(header(typ="application/at+jwt"), claims(client_id="c", jti="1")),
    ),
    Case(
        "P04",
        "typ AT+JWT",
        lambda: sign(header(typ="AT+JWT"), claims(client_id="c", jti="1")),
    ),
    Case(
        "P05",
        "machine token",
        _with(sub="my_client_id@clients", gty="client-credentials", aud=AUDIENCE),
    ),
    Case(
        "P06",
        "second key",
        lambda: sign(header(kid=signing_key("next").kid), key=signing_key("next").private),
        lambda: [jwk(), jwk("next")],
    ),
    Case("P07", "float dates", _with(iat=TODAY - 60.5, exp=TODAY + 60.25, nbf=TODAY - 0.5)),
    Case("P08", "duplicate aud values", _with(aud=[AUDIENCE, AUDIENCE])),
    Case(
        "P10",
        "junk keys in JWKS",
        sign,
        lambda: [
            None,
            "key",
            {},
            {"kty": "XYZ", "kid": "x"},
            {"kty": "RSA", "kid": signing_key().kid, "n": "!", "e": "AQAB"},
            {"kty": "RSA", "kid": signing_key().kid, "n": 5, "e": []},
            {"kty": "EC", "kid": "c", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": ["RSA"], "kid": "k"},
            jwk(use="enc"),
            jwk(kid=7),
            jwk(),
        ],
    ),
    Case("P11", "JWK without alg and use", sign, lambda: [jwk(alg=None, use=None)]),
    Case("P12", "exp in leeway", _with(exp=TODAY - 5)),
    Case("P13", "iat slightly ahead", _with(iat=TODAY + 5)),
    Case(
        "P14",
        "unknown header and claims",
        lambda: sign(header(x="y", cty="JWT"), claims(custom={"a": [1, None]})),
    ),
    Case("P15", "unicode sub", _with(sub="waad/Jürgen Ω")),
]

REFUSED = [
    Case("N01", "alg none", lambda: _unsigned(header(alg="none")), reason="shape"),
    Case("N01", "alg none with a signature", _headed(alg="none"), reason="algorithm"),
    Case("N02", "alg nOnE", _headed(alg="nOnE"), reason="algorithm"),
    Case("N03", "HS256 with public PEM", _hmac_with_public_key, reason="algorithm"),
    Case(
        "N04",
        "oct key in JWKS and HS256",
        lambda: _hmac(b"s" * 32),
        lambda: [{"kty": "oct", "kid": signing_key().kid, "k": b64(b"s" * 32)}],
        reason="algorithm",
    ),
    Case(
        "N05",
        "RS384 right key",
        lambda: sign(header(alg="RS384"), algorithm="RS384"),
        reason="algorithm",
    ),
    Case(
        "N06",
        "PS256 right key",
        lambda: sign(header(alg="PS256"), algorithm="PS256"),
        reason="algorithm",
    ),
    Case(
        "N07",
        "ES256 under RSA kid",
        lambda: sign(header(alg="ES256"), key=curve_key(), algorithm="ES256"),
        reason="algorithm",
    ),
    Case(
        "N08",
        "header jwk of an attacker",
        lambda: sign(header(jwk=jwk("stranger")), key=_stranger()),
        reason="signature",
    ),
    Case(
        "N09",
        "header jku and x5u of an attacker",
        lambda: sign(
            header(jku="http://127.0.0.1:9/jwks.json", x5u="http://127.0.0.1:9/x"),
            key=_stranger(),
        ),
        reason="signature",
    ),
    Case("N10", "kid unknown", _headed(kid="unknown"), reason="key-unknown"),
    Case(
        "N11",
        "kid missing and 2 keys",
        _headed(kid=None),
        lambda: [jwk(), jwk("next")],
        reason="key-id",
    ),
    Case("N12", "kid is a number", _headed(kid=7), reason="key-id"),
    Case("N13", "kid is a list", _headed(kid=["a"]), reason="key-id"),
    Case("N14", "kid 8 KB", _headed(kid="k" * 8192), reason="key-id"),
    Case("N15", "use=enc key", sign, lambda: [jwk(use="enc")], reason="key-unknown"),
    Case(
        "N15",
        "key_ops without verify",
        sign,
        lambda: [jwk(key_ops=["encrypt"])],
        reason="key-unknown",
    ),
    Case(
        "N18",
        "JWK alg PS256 and token RS256",
        sign,
        lambda: [jwk(alg="PS256")],
        reason="key-unknown",
    ),
    Case("N20", "tampered payload", _altered_payload, reason="signature"),
    Case("N21", "truncated signature", lambda: sign()[:-6], reason="signature"),
    Case("N22", "empty signature", lambda: sign().rpartition(".")[0] + ".", reason="shape"),
    Case("N23", "non-canonical base64 tail", _loose_tail, reason="encoding"),
    Case("N23", "padded segment", lambda: sign() + "==", reason="shape"),
    Case("N25", "newline inside", lambda: sign().replace(".", ".\n", 1), reason="shape"),
    Case("N25", "newline at the end", lambda: sign() + "\n", reason="shape"),
    Case("N26", "junk chars in signature", lambda: sign() + "!!!!", reason="shape"),
    Case("N27", "four segments", lambda: sign() + ".AAAA", reason="shape"),
    Case("N28", "five segments JWE", lambda: sign() + ".AAAA.AAAA", reason="encrypted"),
    Case("N29", "two segments", lambda: sign().rpartition(".")[0], reason="shape"),
    Case("N30", "opaque token", lambda: "8QtjKXDlXJGgYQf1vNXiO0wJ", reason="opaque"),
    Case("N31", "bytes repr", lambda: f"b'{sign()}'", reason="shape"),
    Case("N32", "payload is a list", lambda: sign(None, [claims()]), reason="json"),
    Case("N33", "payload is null", lambda: sign(None, b"null"), reason="json"),
    Case("N34", "payload invalid UTF-8", lambda: sign(None, b'{"a":"\xff"}'), reason="json"),
    Case(
        "N34",
        "payload UTF-16",
        lambda: sign(None, json.dumps(claims()).encode("utf-16")),
        reason="json",
    ),
    Case("N35", "header is a list", lambda: sign([header()]), reason="json"),
    Case(
        "N37",
        "duplicate alg in header",
        lambda: sign(b'{"alg":"none",' + json.dumps(header()).encode()[1:]),
        reason="json",
    ),
    Case("N39", "20k-digit integer", _spelt("n", "9" * 11_000), reason="json"),
    Case("N39", "21-digit integer", _spelt("n", "-" + "9" * 21), reason="json"),
    Case("N40", "40 KB token", _with(x="x" * 40_000), reason="size"),
    Case("N41", "crit unknown", _headed(crit=["exp"], exp=1), reason="critical-header"),
    Case("N42", "crit empty list", _headed(crit=[]), reason="critical-header"),
    Case("N43", "crit names a standard header", _headed(crit=["alg"]), reason="critical-header"),
    Case("N44", "b64=false payload", _headed(b64=False), reason="critical-header"),
    Case("N45", "exp missing", _with(exp=None), reason="date"),
    Case("N46", "expired", _with(exp=TODAY - 31, iat=TODAY - 90), reason="expired"),
    Case("N46", "expired by the leeway exactly", _with(exp=TODAY - 30), reason="expired"),
    Case("N48", "exp null", _spelt("exp", "null"), reason="date"),
    Case("N48", "exp a string", _with(exp=str(TODAY + 60)), reason="date"),
    Case("N49", "exp Infinity", _spelt("exp", "Infinity"), reason="json"),
    Case("N49", "exp NaN", _spelt("exp", "NaN"), reason="json"),
    Case("N49", "exp 1e999", _spelt("exp", "1e999"), reason="json"),
    Case("N50", "exp true", _with(exp=True), reason="date"),
    Case("N51", "exp ten years out", _with(exp=TODAY + 315_360_000), reason="lifetime"),
    Case("N51", "exp beyond the calendar", _with(exp=10**19), reason="date"),
    Case("N52", "exp before iat", _with(iat=TODAY + 20, exp=TODAY + 10), reason="lifetime"),
    Case("N53", "iat missing", _with(iat=None), reason="date"),
    Case("N54", "iat 1 h ahead", _with(iat=TODAY + 3600), reason="issued-in-future"),
    Case("N55", "nbf in future", _with(nbf=TODAY + 3600), reason="not-yet-valid"),
    Case("N56", "nbf is a string", _with(nbf=str(TODAY)), reason="date"),
    Case("N57", "iss missing", _with(iss=None), reason="issuer"),
    Case("N58", "iss other tenant", _with(iss="https://other.test/"), reason="issuer"),
    Case("N60", "iss http scheme", _with(iss=ISSUER.replace("https", "http")), reason="issuer"),
    Case("N61", "iss upper-case host", _with(iss="https://CORTEX.local/"), reason="issuer"),
    Case("N62", "iss is a list", _with(iss=[ISSUER]), reason="issuer"),
    Case("N63", "iss superstring", _with(iss=f"{ISSUER}@evil"), reason="issuer"),
    Case("N64", "aud missing", _with(aud=None), reason="audience"),
    Case("N65", "aud other", _with(aud="https://other.test"), reason="audience"),
    Case("N66", "aud with extra slash", _with(aud=f"{AUDIENCE}/"), reason="audience"),
    Case("N67", "aud superstring", _with(aud=f"{AUDIENCE}.evil"), reason="audience"),
    Case("N68", "aud object", _with(aud={AUDIENCE: True}), reason="audience"),
    Case("N69", "aud list with non-string", _with(aud=[AUDIENCE, 7]), reason="audience"),
    Case("N70", "aud empty list", _with(aud=[]), reason="audience"),
    Case("N71", "ID token", _with(aud="my_client_id", nonce="n"), reason="audience"),
    Case("N71", "ID token for our audience", _with(nonce="n"), reason="purpose"),
    Case("N72", "only userinfo in aud", _with(aud=[f"{ISSUER}userinfo"]), reason="audience"),
    Case("N73", "logout token", _with(events={"x": {}}), reason="purpose"),
    Case("N74", "DPoP proof typ", _headed(typ="dpop+jwt"), reason="type"),
    Case("N76", "mTLS-bound via Bearer", _with(cnf={"x5t#S256": "AA"}), reason="binding"),
    Case("N76", "DPoP-bound via Bearer", _with(cnf={"jkt": "AA"}), reason="binding"),
    Case("N77", "unknown typ", _headed(typ="secevent+jwt"), reason="type"),
    Case("N77", "typ missing", _headed(typ=None), reason="type"),
    Case("N77", "typ a number", _headed(typ=1), reason="type"),
    Case("N78", "sub missing", _with(sub=None), reason="subject"),
    Case("N79", "sub empty", _with(sub=""), reason="subject"),
    Case("N79", "sub blank", _with(sub="  "), reason="subject"),
    Case("N80", "sub number", _with(sub=7), reason="subject"),
    Case("N80", "sub with NUL", _with(sub="a\x00b"), reason="subject"),
    Case("N80", "sub with a newline", _with(sub="a\nb"), reason="subject"),
    Case("N80", "sub of 256 characters", _with(sub="s" * 256), reason="subject"),
    Case("N80", "sub with a lone surrogate", _with(sub="\ud800"), reason="json"),
    Case("N82", "permissions is a string", _with(permissions="read:messages"), reason="claim-type"),
    Case("N82", "permissions with a number", _with(permissions=[1]), reason="claim-type"),
    Case("N83", "scope is a list", _with(scope=["read:messages"]), reason="claim-type"),
    Case("N84", "cnf is a string", _with(cnf="jkt"), reason="binding"),
    Case("N84", "cnf is null", _spelt("cnf", "null"), reason="binding"),
]

# What the document lists; it has these gaps, and N51, N72, N73 and N82 are among its policies.
_GAPS = {"P09", "N16", "N17", "N19", "N24", "N36", "N38", "N47", "N59", "N75", "N81"}
IDS = {
    *(f"P{number:02}" for number in range(1, 16)),
    *(f"N{number:02}" for number in range(1, 85)),
} - _GAPS
