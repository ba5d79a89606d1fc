"""The log of a conversation over HTTP: live, resumed, or in pages."""

import asyncio

import pytest
from litestar import Litestar

from cortex_adapters.litestar.app import drain
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core import Principal
from cortex_core.contract import make
from tests.unit.litestar.asgi import Client, Exchange, Stream
from tests.unit.litestar.eventsource import EventSource, Message
from tests.unit.litestar.problems import MEMBERS, pointers, problem
from tests.unit.services.scene import Clock, Link, Scene, until


def _target(scene: Scene, query: str = "") -> str:
    return f"/v1/conversations/{scene.conversation.id}/events{query}"


async def _heard(stream: Stream, count: int) -> list[Message]:
    source = EventSource()
    while len(source.messages) < count:
        block = await stream.block()
        assert block is not None, source.messages
        source.feed(block)
    assert len(source.messages) == count
    return source.messages


async def _seqs(stream: Stream, count: int) -> list[int]:
    return [message.json()["seq"] for message in await _heard(stream, count)]


async def test_a_stream_says_what_it_is_and_goes_on(api: Client, scene: Scene) -> None:
    async with api.stream(_target(scene), ("accept", "text/event-stream")) as stream:
        assert stream.answer.status == 200
        kind = stream.answer.header("content-type") or ""
        assert kind.replace(" ", "") in {"text/event-stream", "text/event-stream;charset=utf-8"}
        assert await _seqs(stream, 1) == [1]
        await scene.say()
        [message] = await _heard(stream, 1)
        assert message.event == "message.created"


async def test_the_last_event_id_resumes_exactly_after_it(api: Client, scene: Scene) -> None:
    for _ in range(4):
        await scene.say()
    async with api.stream(_target(scene)) as stream:
        ids = [message.last_event_id for message in await _heard(stream, 5)]
    for place, last in enumerate(ids[:-1]):
        async with api.stream(_target(scene), ("last-event-id", last)) as stream:
            assert await _seqs(stream, 4 - place) == list(range(place + 2, 6))
    # The header, which the browser sends, is newer than the address it was given at first.
    async with api.stream(_target(scene, "?after=1"), ("last-event-id", ids[3])) as stream:
        assert await _seqs(stream, 1) == [5]
    async with api.stream(_target(scene, "?after=3"), ("last-event-id", "")) as stream:
        assert await _seqs(stream, 2) == [4, 5]


FOREIGN = ["x", "1", ".1", "other.1", "other.", "-", "\u00e9.1", "\x00", "a.1\x00", " ", "a.b.1"]
FOREIGN += ["x" * 9_999, *("{epoch}" + rest for rest in (".9", ".-1", ".1e0", ".1.0", ". 1", "."))]


@pytest.mark.parametrize("last", [*FOREIGN, "{epoch}." + "9" * 30], ids=ascii)
async def test_an_id_that_is_not_ours_is_reset(api: Client, scene: Scene, last: str) -> None:
    await scene.say()
    epoch = await scene.cortex.following.epoch()
    header = ("last-event-id", last.replace("{epoch}", epoch))
    async with api.stream(_target(scene), header) as stream:
        messages = await _heard(stream, 3)
    assert [message.event for message in messages] == [
        "reset",
        "participant.added",
        "message.created",
    ]
    assert messages[0].json()["data"] == {"oldest": 1}
    assert [message.last_event_id for message in messages[1:]] == [f"{epoch}.1", f"{epoch}.2"]


@pytest.mark.parametrize("after", ["-1", "x", "1e3", "", "1.0", "9" * 19])
async def test_a_place_that_is_none_is_refused_before_the_stream(
    api: Client, scene: Scene, after: str
) -> None:
    assert pointers(await api.get(_target(scene, f"?after={after}"))) == ["/after"]


async def test_a_place_that_is_not_there_yet_is_reset(api: Client, scene: Scene) -> None:
    for after in ("2", "9" * 18):
        async with api.stream(_target(scene, f"?after={after}")) as stream:
            messages = await _heard(stream, 2)
        assert [message.event for message in messages] == ["reset", "participant.added"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/event-stream"),
        ("*/*", "text/event-stream"),
        ("text/*", "text/event-stream"),
        ("text/event-stream", "text/event-stream"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
        ("text/html, application/json;q=0.1", "application/json"),
        ("text/html", None),
        ("application/xml;q=1", None),
        ("text/event-stream;q=0, */*", "application/json"),
        ("*/*, text/event-stream;q=0.2, application/json;q=0.201", "application/json"),
        ("application/json;q=0.5, text/*;q=0.6", "text/event-stream"),
        ("application/json, text/event-stream", "text/event-stream"),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("*/*;q=0.0, application/json;q=0.1", "application/json"),
    ],
)
async def test_what_is_accepted_is_what_comes(
    api: Client, scene: Scene, accept: str | None, kind: str | None
) -> None:
    headers = () if accept is None else (("accept", accept),)
    async with api.stream(_target(scene), *headers) as stream:
        if kind is None:
            assert stream.answer.status == 406
            assert stream.answer.header("content-type") == "application/problem+json"
        else:
            assert (stream.answer.header("content-type") or "").startswith(kind)


async def test_two_accept_headers_are_one_list(api: Client, scene: Scene) -> None:
    fields = ("accept", "text/event-stream;q=0.1"), ("accept", "application/json")
    answer = await api.get(_target(scene), *fields)
    assert answer.header("content-type") == "application/json"


async def test_two_last_event_ids_are_refused(api: Client, scene: Scene) -> None:
    ids = ("last-event-id", "a.1"), ("last-event-id", "a.2")
    problem(await api.get(_target(scene), *ids), 400, "malformed-request")


async def test_head_answers_as_a_stream_begins_and_opens_none(api: Client, scene: Scene) -> None:
    async with api.stream(_target(scene)) as stream:
        began = stream.answer
    await until(lambda: scene.cortex.following.streams == 0)
    answer = await api.ask("HEAD", _target(scene))
    assert (answer.status, answer.body) == (200, b"")
    assert scene.cortex.following.streams == 0
    own = {"x-correlation-id", "content-length"}
    assert {*answer.headers} - {*began.headers} <= {
        (name, value) for name, value in answer.headers if name in own
    }
    assert {name for name, _ in began.headers} <= {name for name, _ in answer.headers}
    stranger = await api.who("stranger").ask("HEAD", _target(scene))
    assert (stranger.status, stranger.body) == (404, b"")
    refused = await api.ask("HEAD", _target(scene), [("last-event-id", "a.1")] * 2)
    assert refused.status == 400


async def test_pages_hold_the_same_events(api: Client, scene: Scene) -> None:
    for _ in range(4):
        await scene.say()
    async with api.stream(_target(scene)) as stream:
        live = [message.json() for message in await _heard(stream, 5)]
    accept = ("accept", "application/json")
    first = (await api.get(_target(scene, "?limit=3"), accept)).json()
    assert (first["items"], len(first["items"])) == (live[:3], 3)
    rest = await api.get(_target(scene, f"?cursor={first['next_cursor']}"), accept)
    assert rest.json() == {"items": live[3:], "next_cursor": None}
    after = await api.get(_target(scene, "?after=4"), accept)
    assert after.json()["items"] == live[4:]


async def test_leaving_says_goodbye_and_ends_properly(
    app: Litestar, api: Client, scene: Scene
) -> None:
    async with api.stream(_target(scene), ("x-correlation-id", "mine")) as stream:
        await _heard(stream, 1)
        drain(app)
        source = EventSource()
        source.feed(await stream.rest())
        [goodbye] = source.messages
        assert goodbye.event == "goodbye"
        data = goodbye.json()["data"]
        assert data.keys() == MEMBERS
        assert (data["status"], data["correlation_id"]) == (503, "mine")
    assert scene.cortex.following.streams == 0


async def test_a_token_that_expires_ends_the_stream(
    api: Client, scene: Scene, identity: MemoryIdentityProvider, clock: Clock
) -> None:
    viewer = scene.viewer
    short = Principal(
        kind="user",
        issuer=viewer.issuer,
        subject=viewer.subject,
        permissions=viewer.permissions,
        expires_at=make.at(60),
    )
    identity.add("short", short)
    async with api.who("short").stream(_target(scene)) as stream:
        await _heard(stream, 1)
        clock.advance(60)
        await scene.say()
        source = EventSource()
        source.feed(await stream.rest())
    [goodbye] = source.messages
    assert goodbye.json()["data"]["status"] == 401
    problem(await api.who("short").get(_target(scene)), 401, "unauthenticated")


async def test_an_outage_on_the_way_is_a_goodbye(api: Client, scene: Scene, link: Link) -> None:
    async with api.stream(_target(scene)) as stream:
        await _heard(stream, 1)
        await scene.say()
        link.away = True
        source = EventSource()
        source.feed(await stream.rest())
    assert [message.event for message in source.messages][-1] == "goodbye"
    telemetry = scene.cortex.ports.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    said = [line.attributes for line in telemetry.lines if line.event == "http.request"][-1]
    assert (said["status"], said["code"]) == (200, "dependency-unavailable"), "why it ended"


async def test_who_may_not_read_gets_no_stream(api: Client, scene: Scene) -> None:
    problem(await api.who("stranger").get(_target(scene)), 404, "not-found")
    problem(await api.get(f"/v1/conversations/{make.new_id()}/events"), 404, "not-found")


async def test_who_hangs_up_leaves_nothing_behind(api: Client, scene: Scene) -> None:
    before = len(asyncio.all_tasks())
    for n in range(20):
        async with api.stream(_target(scene)) as stream:
            if n % 2:
                await _heard(stream, 1)
    await until(lambda: scene.cortex.following.streams == 0)
    await until(lambda: len(asyncio.all_tasks()) <= before)


class Stuck(Exchange):
    """A client that reads the headers and one piece, and then nothing more, nor hangs up."""

    async def send(self, message: dict[str, object]) -> None:
        if self.body.qsize() >= 1:
            await asyncio.Event().wait()
        await super().send(message)


async def test_who_hangs_up_while_nothing_gets_through_leaves_nothing_behind(
    api: Client, scene: Scene
) -> None:
    exchange = Stuck([b""])
    running = asyncio.create_task(api._run(exchange, "GET", _target(scene), ()))
    await until(lambda: exchange.body.qsize() == 1)
    await until(lambda: scene.cortex.following.streams == 1)
    exchange.gone.set()
    await running
    assert scene.cortex.following.streams == 0
