"""Tokens that a provider must accept, and others that it must refuse, each by its id.

P is for accepted, N for refused. Two of one id are two ways to try one thing.
"""

from __future__ import annotations

import json
from typing import Final

from cortex_core.contract.identity_forge import Capability, Case, b64

TYPED: Final[frozenset[Capability]] = frozenset({"typed"})
PUBLIC_KEYS: Final[frozenset[Capability]] = frozenset({"public-keys"})

ACCEPTED: Final = [
    Case("P01", "auth0 dialect", lambda t: t.sign()),
    Case(
        "P02",
        "rfc9068 dialect",
        lambda t: t.sign(t.header(typ="at+jwt"), t.claims(client_id="my_client_id", jti="1")),
        needs=TYPED,
    ),
    Case(
        "P03",
        "typ application at+jwt",
        lambda t: t.sign(t.header(typ="application/at+jwt"), t.claims(client_id="c", jti="1")),
        needs=TYPED,
    ),
    Case(
        "P04",
        "typ AT+JWT",
        lambda t: t.sign(t.header(typ="AT+JWT"), t.claims(client_id="c", jti="1")),
        needs=TYPED,
    ),
    Case(
        "P05",
        "machine token",
        lambda t: t.with_(sub="my_client_id@clients", gty="client-credentials", aud=t.audience),
    ),
    Case(
        "P06",
        "second key",
        lambda t: t.sign(t.header(kid=t.kid("next")), key="next"),
        keys=lambda t: [t.jwk("ours"), t.jwk("next")],
    ),
    Case(
        "P07",
        "float dates",
        lambda t: t.with_(iat=t.today - 60.5, exp=t.today + 60.25, nbf=t.today - 0.5),
    ),
    Case("P08", "duplicate aud values", lambda t: t.with_(aud=[t.audience, t.audience])),
    Case(
        "P10",
        "junk keys in JWKS",
        lambda t: t.sign(),
        keys=lambda t: [
            None,
            "key",
            {},
            {"kty": "XYZ", "kid": "x"},
            {"kty": "RSA", "kid": t.kid("ours"), "n": "!", "e": "AQAB"},
            {"kty": "RSA", "kid": t.kid("ours"), "n": 5, "e": []},
            {"kty": "EC", "kid": "c", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": ["RSA"], "kid": "k"},
            t.jwk(use="enc"),
            t.jwk(kid=7),
            t.jwk("ours"),
        ],
    ),
    Case(
        "P11",
        "JWK without alg and use",
        lambda t: t.sign(),
        keys=lambda t: [t.jwk(alg=None, use=None)],
    ),
    Case("P12", "exp in leeway", lambda t: t.with_(exp=t.today - 5)),
    Case("P13", "iat slightly ahead", lambda t: t.with_(iat=t.today + 5)),
    Case(
        "P14",
        "unknown header and claims",
        lambda t: t.sign(t.header(x="y", cty="JWT"), t.claims(custom={"a": [1, None]})),
    ),
    Case("P15", "unicode sub", lambda t: t.with_(sub="waad/Jürgen Ω")),
]

REFUSED: Final = [
    Case("N01", "alg none", lambda t: t.unsigned(alg="none"), because="shape"),
    Case("N01", "alg none with a signature", lambda t: t.headed(alg="none"), because="algorithm"),
    Case("N02", "alg nOnE", lambda t: t.headed(alg="nOnE"), because="algorithm"),
    Case(
        "N03",
        "HS256 with public PEM",
        lambda t: t.hmac(t.forge.pem()),
        because="algorithm",
        needs=PUBLIC_KEYS,
    ),
    Case(
        "N04",
        "oct key in JWKS and HS256",
        lambda t: t.hmac(b"s" * 32),
        keys=lambda t: [{"kty": "oct", "kid": t.kid("ours"), "k": b64(b"s" * 32)}],
        because="algorithm",
    ),
    Case(
        "N05",
        "the right key with a longer hash",
        lambda t: t.sign(t.header(alg=t.longer), algorithm=t.longer),
        because="algorithm",
    ),
    Case(
        "N06",
        "PS256 right key",
        lambda t: t.sign(t.header(alg="PS256"), algorithm="PS256"),
        because="algorithm",
        needs=PUBLIC_KEYS,
    ),
    Case(
        "N07",
        "ES256 under RSA kid",
        lambda t: t.sign(t.header(alg="ES256"), key="curve", algorithm="ES256"),
        because="algorithm",
    ),
    Case(
        "N08",
        "header jwk of an attacker",
        lambda t: t.sign(t.header(jwk=t.jwk("stranger")), key="stranger"),
        because="signature",
    ),
    Case(
        "N09",
        "header jku and x5u of an attacker",
        lambda t: t.sign(
            t.header(jku="http://127.0.0.1:9/jwks.json", x5u="http://127.0.0.1:9/x"),
            key="stranger",
        ),
        because="signature",
    ),
    Case(
        "N10",
        "kid unknown",
        lambda t: t.headed(kid="unknown"),
        because="key-unknown",
        needs=PUBLIC_KEYS,
    ),
    Case(
        "N11",
        "kid missing and 2 keys",
        lambda t: t.headed(kid=None),
        keys=lambda t: [t.jwk("ours"), t.jwk("next")],
        because="key-id",
    ),
    Case("N12", "kid is a number", lambda t: t.headed(kid=7), because="key-id"),
    Case("N13", "kid is a list", lambda t: t.headed(kid=["a"]), because="key-id"),
    Case("N14", "kid 8 KB", lambda t: t.headed(kid="k" * 8192), because="key-id"),
    Case(
        "N15",
        "use=enc key",
        lambda t: t.sign(),
        keys=lambda t: [t.jwk(use="enc"), t.jwk("next")],
        because="key-unknown",
    ),
    Case(
        "N15",
        "key_ops without verify",
        lambda t: t.sign(),
        keys=lambda t: [t.jwk(key_ops=["encrypt"]), t.jwk("next")],
        because="key-unknown",
    ),
    Case(
        "N18",
        "JWK alg PS256 and token RS256",
        lambda t: t.sign(),
        keys=lambda t: [t.jwk(alg="PS256"), t.jwk("next")],
        because="key-unknown",
    ),
    Case("N20", "tampered payload", lambda t: t.tampered(), because="signature"),
    Case("N21", "truncated signature", lambda t: t.sign()[:-6], because="signature"),
    Case("N22", "empty signature", lambda t: t.sign().rpartition(".")[0] + ".", because="shape"),
    Case("N23", "non-canonical base64 tail", lambda t: t.loose_tail(), because="encoding"),
    Case("N23", "padded segment", lambda t: t.sign() + "==", because="shape"),
    Case("N25", "newline inside", lambda t: t.sign().replace(".", ".\n", 1), because="shape"),
    Case("N25", "newline at the end", lambda t: t.sign() + "\n", because="shape"),
    Case("N26", "junk chars in signature", lambda t: t.sign() + "!!!!", because="shape"),
    Case("N27", "four segments", lambda t: t.sign() + ".AAAA", because="shape"),
    Case("N28", "five segments JWE", lambda t: t.sign() + ".AAAA.AAAA", because="encrypted"),
    Case("N29", "two segments", lambda t: t.sign().rpartition(".")[0], because="shape"),
    Case("N30", "opaque token", lambda t: b64(t.issuer.encode()), because="opaque"),
    Case("N31", "bytes repr", lambda t: f"b'{t.sign()}'", because="shape"),
    Case("N32", "payload is a list", lambda t: t.sign(None, [t.claims()]), because="json"),
    Case("N33", "payload is null", lambda t: t.sign(None, b"null"), because="json"),
    Case("N34", "payload invalid UTF-8", lambda t: t.sign(None, b'{"a":"\xff"}'), because="json"),
    Case(
        "N34",
        "payload UTF-16",
        lambda t: t.sign(None, json.dumps(t.claims()).encode("utf-16")),
        because="json",
    ),
    Case("N35", "header is a list", lambda t: t.sign([t.header()]), because="json"),
    Case(
        "N37",
        "duplicate alg in header",
        lambda t: t.sign(b'{"alg":"none",' + json.dumps(t.header()).encode()[1:]),
        because="json",
    ),
    Case("N39", "20k-digit integer", lambda t: t.spelt("n", "9" * 11_000), because="json"),
    Case("N39", "21-digit integer", lambda t: t.spelt("n", "-" + "9" * 21), because="json"),
    Case("N40", "40 KB token", lambda t: t.with_(x="x" * 40_000), because="size"),
    Case("N41", "crit unknown", lambda t: t.headed(crit=["exp"], exp=1), because="critical-header"),
    Case("N42", "crit empty list", lambda t: t.headed(crit=[]), because="critical-header"),
    Case(
        "N43",
        "crit names a standard header",
        lambda t: t.headed(crit=["alg"]),
        because="critical-header",
    ),
    Case("N44", "b64=false payload", lambda t: t.headed(b64=False), because="critical-header"),
    Case("N45", "exp missing", lambda t: t.with_(exp=None), because="date"),
    Case(
        "N46", "expired", lambda t: t.with_(exp=t.today - 31, iat=t.today - 90), because="expired"
    ),
    Case(
        "N46",
        "expired by the leeway exactly",
        lambda t: t.with_(exp=t.today - 30),
        because="expired",
    ),
    Case("N48", "exp null", lambda t: t.spelt("exp", "null"), because="date"),
    Case("N48", "exp a string", lambda t: t.with_(exp=str(t.today + 60)), because="date"),
    Case("N49", "exp Infinity", lambda t: t.spelt("exp", "Infinity"), because="json"),
    Case("N49", "exp NaN", lambda t: t.spelt("exp", "NaN"), because="json"),
    Case("N49", "exp 1e999", lambda t: t.spelt("exp", "1e999"), because="json"),
    Case("N50", "exp true", lambda t: t.with_(exp=True), because="date"),
    Case(
        "N51", "exp ten years out", lambda t: t.with_(exp=t.today + 315_360_000), because="lifetime"
    ),
    Case("N51", "exp beyond the calendar", lambda t: t.with_(exp=10**19), because="date"),
    Case(
        "N52",
        "exp before iat",
        lambda t: t.with_(iat=t.today + 20, exp=t.today + 10),
        because="lifetime",
    ),
    Case("N53", "iat missing", lambda t: t.with_(iat=None), because="date"),
    Case("N54", "iat 1 h ahead", lambda t: t.with_(iat=t.today + 3600), because="issued-in-future"),
    Case("N55", "nbf in future", lambda t: t.with_(nbf=t.today + 3600), because="not-yet-valid"),
    Case("N56", "nbf is a string", lambda t: t.with_(nbf=str(t.today)), because="date"),
    Case("N57", "iss missing", lambda t: t.with_(iss=None), because="issuer"),
    Case("N58", "iss other tenant", lambda t: t.with_(iss="https://other.test/"), because="issuer"),
    Case(
        "N60",
        "iss http scheme",
        lambda t: t.with_(iss=t.issuer.replace("https", "http")),
        because="issuer",
    ),
    Case("N61", "iss upper-case host", lambda t: t.with_(iss=t.issuer.upper()), because="issuer"),
    Case("N62", "iss is a list", lambda t: t.with_(iss=[t.issuer]), because="issuer"),
    Case("N63", "iss superstring", lambda t: t.with_(iss=f"{t.issuer}@evil"), because="issuer"),
    Case("N64", "aud missing", lambda t: t.with_(aud=None), because="audience"),
    Case("N65", "aud other", lambda t: t.with_(aud="https://other.test"), because="audience"),
    Case(
        "N66", "aud with extra slash", lambda t: t.with_(aud=f"{t.audience}/"), because="audience"
    ),
    Case("N67", "aud superstring", lambda t: t.with_(aud=f"{t.audience}.evil"), because="audience"),
    Case("N68", "aud object", lambda t: t.with_(aud={t.audience: True}), because="audience"),
    Case(
        "N69",
        "aud list with non-string",
        lambda t: t.with_(aud=[t.audience, 7]),
        because="audience",
    ),
    Case("N70", "aud empty list", lambda t: t.with_(aud=[]), because="audience"),
    Case("N71", "ID token", lambda t: t.with_(aud="my_client_id", nonce="n"), because="audience"),
    Case("N71", "ID token for our audience", lambda t: t.with_(nonce="n"), because="purpose"),
    Case(
        "N72",
        "only userinfo in aud",
        lambda t: t.with_(aud=[f"{t.issuer}userinfo"]),
        because="audience",
    ),
    Case("N73", "logout token", lambda t: t.with_(events={"x": {}}), because="purpose"),
    Case("N74", "DPoP proof typ", lambda t: t.headed(typ="dpop+jwt"), because="type"),
    Case(
        "N76", "mTLS-bound via Bearer", lambda t: t.with_(cnf={"x5t#S256": "AA"}), because="binding"
    ),
    Case(
        "N76",
        "bound to a key of another form",
        lambda t: t.with_(cnf={"jkt": "AA"}),
        because="binding",
    ),
    Case(
        "N76",
        "bound in two ways",
        lambda t: t.with_(cnf={"jkt": "A" * 43, "x5t#S256": "AA"}),
        because="binding",
    ),
    Case("N77", "unknown typ", lambda t: t.headed(typ="secevent+jwt"), because="type"),
    Case("N77", "typ missing", lambda t: t.headed(typ=None), because="type", needs=TYPED),
    Case("N77", "typ a number", lambda t: t.headed(typ=1), because="type"),
    Case("N78", "sub missing", lambda t: t.with_(sub=None), because="subject"),
    Case("N79", "sub empty", lambda t: t.with_(sub=""), because="subject"),
    Case("N79", "sub blank", lambda t: t.with_(sub="  "), because="subject"),
    Case("N80", "sub number", lambda t: t.with_(sub=7), because="subject"),
    Case("N80", "sub with NUL", lambda t: t.with_(sub="a\x00b"), because="subject"),
    Case("N80", "sub with a newline", lambda t: t.with_(sub="a\nb"), because="subject"),
    Case("N80", "sub of 256 characters", lambda t: t.with_(sub="s" * 256), because="subject"),
    Case("N80", "sub with a lone surrogate", lambda t: t.with_(sub="\ud800"), because="json"),
    Case(
        "N82",
        "permissions is a string",
        lambda t: t.with_(permissions="read:messages"),
        because="claim-type",
    ),
    Case(
        "N82", "permissions with a number", lambda t: t.with_(permissions=[1]), because="claim-type"
    ),
    Case(
        "N83", "scope is a list", lambda t: t.with_(scope=["read:messages"]), because="claim-type"
    ),
    Case("N84", "cnf is a string", lambda t: t.with_(cnf="jkt"), because="binding"),
    Case("N84", "cnf is a list", lambda t: t.with_(cnf=["jkt"]), because="binding"),
    Case("N84", "cnf is empty", lambda t: t.with_(cnf={}), because="binding"),
    Case("N84", "cnf with an unknown member", lambda t: t.with_(cnf={"x": 1}), because="binding"),
    Case("N84", "jkt a number", lambda t: t.with_(cnf={"jkt": 7}), because="binding"),
    Case("N84", "cnf is null", lambda t: t.spelt("cnf", "null"), because="binding"),
]

# The list has these gaps; N51, N72, N73 and N82 are among its policies.
_GAPS: Final = {"P09", "N16", "N17", "N19", "N24", "N36", "N38", "N47", "N59", "N75", "N81"}
IDS: Final = {
    *(f"P{number:02}" for number in range(1, 16)),
    *(f"N{number:02}" for number in range(1, 85)),
} - _GAPS
