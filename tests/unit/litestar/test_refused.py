"""Each caller who is not believed is one line in the log: why, and of which request."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

import cortex_core
from cortex_adapters.litestar.cookies import SESSION
from cortex_adapters.litestar.refused import HINTS
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.sign_on import MemorySignOn
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core import Ports
from cortex_core.contract import make
from cortex_core.domain.correlation import correlation_id
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.domain.refusals import REASONS
from cortex_core.ports import AttributeValue, Credential, Level
from tests.unit.litestar.asgi import Answer, Client
from tests.unit.services.scene import Clock, Scene, disable, someone, without

SOURCES = Path(cortex_core.__file__).parents[1]
WORD = ("x-correlation-id", "request-7")
ISSUED = f"{SESSION}={'x' * 43}"


@pytest.fixture
def log(ports: Ports) -> Callable[[], list[dict[str, AttributeValue]]]:
    """What the log says of refusals: only what is said, and under which correlation id."""
    said: list[dict[str, AttributeValue]] = []

    def hear(event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        if event == "identity.refused":
            assert level == "info"
            kept = {name: value for name, value in attributes.items() if value}
            said.append({"correlation_id": correlation_id(), **kept})

    ports.telemetry.log = hear  # type: ignore[method-assign]  # to hear where it is said
    return lambda: said


Log = Callable[[], list[dict[str, AttributeValue]]]


def line(reason: str, **more: str) -> list[dict[str, AttributeValue]]:
    return [{"reason": reason, "correlation_id": "request-7", **more}]


HEADERS: list[tuple[str, list[tuple[str, str]]]] = [
    ("missing", []),
    ("scheme-unknown", [("authorization", "Basic ZWRpdG9yOng=")]),
    ("header", [("authorization", "Bearer")]),
    ("header", [("authorization", "Bearer editor editor")]),
    ("header-repeated", [("authorization", "Bearer editor"), ("authorization", "Bearer viewer")]),
    ("two-credentials", [("authorization", "Bearer editor"), ("cookie", ISSUED)]),
    ("cookie-repeated", [("cookie", f"{ISSUED}; {ISSUED}")]),
    ("session", [("cookie", ISSUED)]),
    ("proof-repeated", [("authorization", "DPoP editor"), ("dpop", "a"), ("dpop", "b")]),
    ("unknown", [("authorization", "Bearer nobody")]),
]


@pytest.mark.parametrize(("reason", "headers"), HEADERS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_wrong_with_the_headers(
    api: Client,
    ports: Ports,
    log: Log,
    reason: str,
    headers: list[tuple[str, str]],
    method: str,
) -> None:
    answer = await api.who("").ask(method, "/v1/me", [WORD, *headers])
    assert answer.status in {400, 401}
    assert log() == line(reason)
    assert isinstance(ports.telemetry, MemoryTelemetry)
    [count] = [each for each in ports.telemetry.counts if each.name == "cortex.identity.refused"]
    assert count.attributes == {"reason": reason, "issuer": ""}


@pytest.mark.parametrize("reason", sorted(REASONS))
async def test_a_word_of_the_provider(api: Client, ports: Ports, log: Log, reason: str) -> None:
    async def refuse(credential: Credential) -> None:
        error = UnauthenticatedError(reason)
        error.issuer = make.ISSUER
        raise error

    ports.identity.authenticate = refuse  # type: ignore[assignment, method-assign]
    assert (await api.get("/v1/me", WORD)).status == 401
    hint = {"hint": words} if (words := {str(k): v for k, v in HINTS.items()}.get(reason)) else {}
    assert log() == line(reason, issuer=make.ISSUER, **hint)


async def test_a_word_that_nobody_knows_is_not_repeated(
    api: Client, ports: Ports, log: Log
) -> None:
    """The provider may be anybody's, and quote what it was shown."""

    async def refuse(credential: Credential) -> None:
        raise UnauthenticatedError(f"bad token {credential.token}")

    ports.identity.authenticate = refuse  # type: ignore[assignment, method-assign]
    await api.who("secret").get("/v1/me", WORD)
    assert log() == line("other")


async def test_who_was_revoked(
    api: Client, scene: Scene, identity: MemoryIdentityProvider, clock: Clock, log: Log
) -> None:
    identity.add("ours", replace(someone("editor"), issued_at=clock()))
    await scene.cortex.sessions.end_all(make.ISSUER, subject="editor")
    assert (await api.who("ours").get("/v1/me", WORD)).status == 401
    assert log() == line("revoked", issuer=make.ISSUER)


async def test_who_is_disabled_and_who_only_lacks_a_right(
    api: Client, scene: Scene, identity: MemoryIdentityProvider, log: Log
) -> None:
    identity.add("less", without(scene.viewer, "read:workspaces"))
    assert (await api.who("less").get("/v1/workspaces", WORD)).status == 403
    assert log() == []
    await disable(scene, scene.viewer)
    assert (await api.who("viewer").get("/v1/me", WORD)).status == 403
    assert log() == line("user-disabled", issuer=make.ISSUER)


async def signed_on(api: Client, sign_on: MemorySignOn, scene: Scene) -> tuple[str, str]:
    """Return the cookie of a browser that has signed on as the editor."""
    attempt = await scene.cortex.browsers.begin("/")  # type: ignore[union-attr]  # it is configured
    asked = sign_on.approve(attempt.state, scene.editor)
    browser = await scene.cortex.browsers.finish(asked, attempt.sealed, before=None)  # type: ignore[union-attr]
    return "cookie", f"{SESSION}={browser.secret}"


async def test_a_page_of_another_origin(
    api: Client, sign_on: MemorySignOn, scene: Scene, log: Log
) -> None:
    cookie = await signed_on(api, sign_on, scene)
    answer = await api.who("").post("/v1/workspaces", {"name": "X"}, WORD, cookie)
    assert answer.status == 403
    assert log() == line("cross-origin", hint=HINTS["cross-origin"])


async def test_a_session_that_gets_no_more_tokens(
    api: Client, sign_on: MemorySignOn, scene: Scene, clock: Clock, log: Log
) -> None:
    async def refuse(sealed: bytes) -> bytes:
        raise UnauthenticatedError("refresh")

    cookie = await signed_on(api, sign_on, scene)
    clock.advance(3600)
    sign_on.refresh = refuse  # type: ignore[method-assign]
    assert (await api.who("").get("/v1/me", WORD, cookie)).status == 401
    assert log() == line("refresh", issuer=make.ISSUER)


async def test_a_stream_that_ends_with_its_token(
    api: Client, scene: Scene, identity: MemoryIdentityProvider, clock: Clock, log: Log
) -> None:
    identity.add("short", someone("viewer", expires_at=make.at(60)))
    target = f"/v1/conversations/{scene.conversation.id}/events"
    async with api.who("short").stream(target, WORD) as stream:
        await stream.block()
        clock.advance(60)
        await scene.say()
        await stream.rest()
    assert log() == line("expired", issuer=make.ISSUER)


async def test_who_comes_back_from_the_provider_with_two_sessions(api: Client, log: Log) -> None:
    headers = (WORD, ("cookie", f"{ISSUED}; {ISSUED}"), ("accept", "text/html"))
    assert (await api.who("").get("/auth/callback?state=x", *headers)).status == 400
    assert log() == line("cookie-repeated")


async def test_whoever_needs_no_credential_is_not_refused(api: Client, log: Log) -> None:
    for path in ("/", "/health/live"):
        answer: Answer = await api.who("").get(path, WORD, ("cookie", ISSUED))
        assert answer.status == 200
    signing_off = (WORD, ("cookie", ISSUED), ("sec-fetch-site", "same-origin"))
    assert (await api.who("").ask("POST", "/auth/logout", signing_off)).status == 303
    assert log() == []


async def test_an_id_that_is_none_of_ours_is_replaced(api: Client, log: Log) -> None:
    answer = await api.who("nobody").get("/v1/me", ("x-correlation-id", "a b\x7f"))
    [said] = log()
    assert (
        said["correlation_id"]
        == answer.header("x-correlation-id")
        == answer.json()["correlation_id"]
    )


def test_hints_are_for_reasons_that_there_are() -> None:
    assert HINTS.keys() <= REASONS


def test_each_reason_that_the_code_gives_is_one_that_is_known() -> None:
    given = re.compile(
        r"(?:UnauthenticatedError|ProofRejectedError|MalformedCredentialError|refused)"
        r"\(\s*\"([^\"]*)\""
    )
    found = {
        word for path in SOURCES.rglob("*.py") for word in given.findall(path.read_text("utf-8"))
    }
    assert found - REASONS == set()
    assert len(found) > 40
