"""Names and addresses of people whose tokens say neither."""

import asyncio

import pytest
from msgspec.structs import replace

from cortex_adapters.auth0.keys.documents import Document, FetchError, open_documents
from cortex_adapters.auth0.keys.source import PublishedKeys
from cortex_adapters.auth0.provider import JwtIdentityProvider, TrustedIssuer
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.userinfo import FAILED_FOR, KEPT, MOST, UserInfo
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core.domain.errors import IdentityUnavailableError, UnauthenticatedError
from cortex_core.ports import Principal
from tests.unit.auth0.forge import (
    AUDIENCE,
    SetClock,
    bearer,
    claims,
    header,
    jwk,
    sign,
    signing_key,
)
from tests.unit.auth0.test_documents import response

ISSUER = "https://tenant.test/"
PLACE = f"{ISSUER}userinfo"
HEARD = [AUDIENCE, PLACE]
ADA = Principal(kind="user", issuer=ISSUER, subject="auth0|1")
SAID = {"sub": "auth0|1", "name": "Ada", "email": "ada@example.com", "email_verified": True}


class Desk:
    """Answers with *said*, or fails; counts who asked, and with which token."""

    def __init__(self) -> None:
        self.said: dict[str, object] = dict(SAID)
        self.metadata: dict[str, object] = {"userinfo_endpoint": PLACE}
        self.fault: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.asked: list[tuple[str, str | None]] = []
        self.now = 0.0
        self.telemetry = MemoryTelemetry()
        self.people = UserInfo(
            ISSUER,
            self.discovered,
            self,
            telemetry=self.telemetry,
            patience=0.05,
            clock=lambda: self.now,
        )

    async def discovered(self) -> dict[str, object]:
        if not self.metadata:
            raise IdentityUnavailableError
        return self.metadata

    async def get(self, url: str, *, token: str | None = None) -> Document:
        self.asked.append((url, token))
        if self.gate:
            await self.gate.wait()
        if self.fault:
            raise self.fault
        return Document(members=self.said)

    async def complete(
        self, principal: Principal = ADA, token: str = "t", audience: object = HEARD
    ) -> Principal:
        return await self.people.complete(principal, token, audience)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_person_without_a_name_is_asked_about_once(desk: Desk) -> None:
    ada = replace(ADA, name="Ada", email="ada@example.com", email_verified=True)
    assert await desk.complete() == ada
    desk.now = KEPT - 1
    assert await desk.complete(token="another") == ada
    assert desk.asked == [(PLACE, "t")]
    desk.now = KEPT
    await desk.complete(token="another")
    assert desk.asked[1:] == [(PLACE, "another")]


async def test_those_who_come_at_once_share_one_answer(desk: Desk) -> None:
    found = await asyncio.gather(*(desk.complete(token=f"{n}") for n in range(20)))
    assert {principal.name for principal in found} == {"Ada"}
    assert len(desk.asked) == 1


async def test_who_hangs_up_does_not_take_the_answer_from_the_others(desk: Desk) -> None:
    desk.gate = asyncio.Event()
    first, second = (asyncio.create_task(desk.complete()) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    desk.gate.set()
    assert (await second).name == "Ada"
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("principal", "audience"),
    [
        (replace(ADA, kind="machine"), HEARD),
        (replace(ADA, name="Countess"), HEARD),
        (replace(ADA, email="c@example.com"), HEARD),
        (replace(ADA, binding="thumbprint"), HEARD),
        (ADA, [AUDIENCE]),
        (ADA, [AUDIENCE, "https://other.test/userinfo"]),
        (ADA, PLACE),
    ],
    ids=["machine", "name", "address", "bound", "no place", "another place", "no list"],
)
async def test_nobody_else_is_asked_about(
    desk: Desk, principal: Principal, audience: object
) -> None:
    assert await desk.complete(principal, audience=audience) == principal
    assert desk.asked == []


@pytest.mark.parametrize("place", [None, 1, "http://tenant.test/userinfo", "https://evil.test/u"])
async def test_no_token_goes_to_a_place_that_is_not_the_issuers_own(
    desk: Desk, place: object
) -> None:
    desk.metadata = {"userinfo_endpoint": place}
    assert await desk.complete(audience=[AUDIENCE, place]) == ADA
    assert desk.asked == []


async def test_an_issuer_that_cannot_be_asked_is_no_fault(desk: Desk) -> None:
    desk.metadata = {}
    assert await desk.complete() == ADA


async def test_a_failure_is_silent_and_not_tried_again_for_a_while(desk: Desk) -> None:
    desk.fault = FetchError("status-429")
    for _ in range(3):
        assert await desk.complete() == ADA
    assert len(desk.asked) == 1
    desk.fault, desk.now = None, FAILED_FOR
    assert (await desk.complete()).name == "Ada"


async def test_an_answer_that_takes_too_long_is_not_waited_for(desk: Desk) -> None:
    desk.gate = asyncio.Event()
    async with asyncio.timeout(5):
        assert await desk.complete() == ADA
        assert await desk.complete() == ADA
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        {},
        {**SAID, "sub": "auth0|2"},
        {"sub": "auth0|1", "name": 1, "email": ["a"], "email_verified": "true"},
        {"sub": "auth0|1", "name": "x" * 500, "email": "a\x00b"},
        {"sub": "auth0|1", "email_verified": True},
    ],
    ids=["nothing", "somebody else", "other types", "unfit", "no address"],
)
async def test_what_cannot_be_believed_says_nothing(desk: Desk, said: dict[str, object]) -> None:
    desk.said = said
    assert await desk.complete() == ADA


async def test_an_address_is_verified_only_if_that_is_said(desk: Desk) -> None:
    desk.said = {"sub": "auth0|1", "email": "ada@example.com", "email_verified": "true"}
    assert await desk.complete() == replace(ADA, email="ada@example.com")


async def test_not_everybody_is_remembered(desk: Desk) -> None:
    for number in range(MOST + 1):
        desk.said = {"sub": f"{number}", "name": "N"}
        await desk.complete(replace(ADA, subject=f"{number}"))
    before = len(desk.asked)
    desk.said = {"sub": f"{MOST}", "name": "N"}
    await desk.complete(replace(ADA, subject=f"{MOST}"))
    assert len(desk.asked) == before
    desk.said = {"sub": "0", "name": "N"}
    await desk.complete(replace(ADA, subject="0"))
    assert len(desk.asked) == before + 1


async def test_a_provider_asks_once_for_a_token_and_never_for_a_bad_one(desk: Desk) -> None:
    async def published() -> object:
        return {"keys": [jwk("ours")]}

    policy = TokenPolicy(issuer=ISSUER, audience=AUDIENCE)
    keys = PublishedKeys(published, policy.algorithms)
    issuer = TrustedIssuer(policy=policy, keys=keys, people=desk.people)
    provider = JwtIdentityProvider([issuer], clock=SetClock())
    key = signing_key("ours")
    said = claims(iss=ISSUER, sub="auth0|1", aud=HEARD)
    token = sign(header(kid=key.kid), said, key=key.private)
    bad = sign(header(kid=key.kid), said, key=signing_key("theirs").private)
    with pytest.raises(UnauthenticatedError):
        await provider.authenticate(bearer(bad))
    for _ in range(2):
        assert (await provider.authenticate(bearer(token))).name == "Ada"
    assert desk.asked == [(PLACE, token)]


async def test_the_token_goes_along_in_a_header():
    seen: list[bytes] = []

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(response("200 OK", b"{}"))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server, open_documents() as documents:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await documents.get(url, token="one.two.three")
        await documents.get(url)
    assert b"authorization: bearer one.two.three" in seen[0].lower()
    assert b"authorization" not in seen[1].lower()
