"""The log of a whole server: one line for each refusal, and nothing of what was shown."""

from __future__ import annotations

import base64
import json
import time

import pytest
from litestar import Litestar

from cortex_adapters.litestar.cookies import SESSION
from cortex_adapters.local_identity.issuer import ISSUER
from cortex_adapters.server import create_app
from cortex_adapters.settings import load_settings
from cortex_core import Cortex
from tests.unit.auth0.proofs import claims, text
from tests.unit.litestar.asgi import Client

URL = "http://127.0.0.1:8000"
CANARY = "canary0canary1canary2canary3canary4canary56"
COOKIE = ("cookie", f"{SESSION}={CANARY}")


def b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def changed(token: str, part: int, **members: object) -> str:
    """Return *token* with other members in its head (0) or claims (1)."""
    parts = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    parts[part] = b64({**read, **members})
    return ".".join(parts)


def shown(token: str, *proofs: str) -> list[tuple[str, str]]:
    return [("authorization", f"DPoP {token}"), *(("dpop", proof) for proof in proofs)]


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def fresh(token: str | None = None, **members: object) -> str:
    """Return a proof made now, for the caller's own user."""
    plain = {"htu": f"{URL}/v1/me", "iat": int(time.time()), **members}
    return text(None, claims(token or "", **plain))


async def token_for(api: Client, email: str, *headers: tuple[str, str]) -> str:
    answer = await api.post("/auth/dev/token", {"email": email}, *headers)
    return str(answer.json()["access_token"])


async def refusals(api: Client) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return reasons, and headers that are refused for them."""
    plain = await token_for(api, "ada@example.com")
    asked = fresh(None, htm="POST", htu=f"{URL}/auth/dev/token", ath=None, jti="asked")
    bound = await token_for(api, "ada@example.com", ("dpop", asked))
    once = fresh(bound, jti=CANARY)
    assert (await api.ask("GET", "/v1/me", shown(bound, once))).status == 200
    return [
        ("missing", []),
        ("scheme-unknown", [("authorization", f"Basic {CANARY}")]),
        ("header", [("authorization", f"Bearer {CANARY} {CANARY}")]),
        ("header-repeated", [*bearer(CANARY), *bearer(plain)]),
        ("two-credentials", [*bearer(plain), COOKIE]),
        ("cookie-repeated", [COOKIE, COOKIE]),
        ("session", [COOKIE]),
        ("opaque", bearer(CANARY)),
        ("encrypted", bearer(f"{plain}.{CANARY}.{CANARY}")),
        ("json", bearer(f"{b64(CANARY)}.{b64(CANARY)}.{b64(CANARY)}")),
        ("issuer", bearer(changed(plain, 1, iss=CANARY))),
        ("key-unknown", bearer(changed(plain, 0, kid=CANARY))),
        ("signature", bearer(changed(plain, 1, sub=CANARY))),
        ("binding", bearer(bound)),
        ("unbound", shown(plain, fresh(plain))),
        ("proof-missing", shown(bound)),
        ("proof-repeated", shown(bound, CANARY, CANARY)),
        ("proof-form", shown(bound, CANARY)),
        ("proof-replayed", shown(bound, once)),
        ("proof-uri", shown(bound, fresh(bound, htu=f"{URL}/{CANARY}"))),
    ]


async def refused_by(app: Litestar) -> list[tuple[str, list[tuple[str, str]]]]:
    """Have *app* refuse, and return for which reasons and what it was shown."""
    api = Client(app)
    tried = await refusals(api)
    plain = await token_for(api, "eve@example.com")
    user = (await api.who(plain).get("/v1/me")).json()["user"]
    cortex: Cortex = app.state.service.cortex
    await cortex.sessions.end_all(user["issuer"], subject=user["subject"])
    tried.append(("revoked", bearer(plain)))
    for number, (reason, headers) in enumerate(tried):
        word = ("x-correlation-id", f"request-{number}")
        answer = await api.ask("GET", "/v1/me", [*headers, word])
        assert answer.status in {400, 401}, reason
    return tried


async def test_each_refusal_is_one_line_with_its_reason_and_nothing_of_the_credential(
    capfd: pytest.CaptureFixture[str],
) -> None:
    app = create_app(load_settings({"CORTEX_DATABASE_URL": "memory:", "CORTEX_LOG_FORMAT": "json"}))
    async with app.lifespan():
        tried = await refused_by(app)
    written = capfd.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    said = [line for line in lines if line["event"] == "identity.refused"]
    assert [(line["reason"], line["correlation_id"]) for line in said] == [
        (reason, f"request-{number}") for number, (reason, _) in enumerate(tried)
    ]
    vouched = {line["reason"] for line in said if line.get("issuer") == ISSUER}
    assert vouched >= {"key-unknown", "signature", "binding", "proof-replayed", "revoked"}
    shown_ones = {word for _, headers in tried for _, value in headers for word in value.split(" ")}
    secrets = {piece for word in shown_ones for piece in word.split(".") if len(piece) > 20}
    assert CANARY in secrets
    assert [secret for secret in secrets if secret in written] == []
    assert "canary" not in written
