"""One request, told in the log, in a trace, in numbers and in its answer, by the same words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortex_adapters.postgres import schema
from tests.e2e.breaking import take_away
from tests.e2e.eventually import eventually
from tests.e2e.receiver import Receiver, Span
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

SERVER, CLIENT = 2, 3
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture
async def told(
    database_url: str, tmp_path: Path, receiver: Receiver
) -> AsyncIterator[ServerProcess]:
    """A running server that tells the receiver, once on each kind of database."""
    if database_url.startswith("postgres"):
        await schema.upgrade(database_url)
    process = ServerProcess(database_url, tmp_path, **receiver.settings)
    try:
        yield await process.start()
    finally:
        await process.stop()


@pytest.fixture
def quick(tmp_path: Path, receiver: Receiver) -> ServerProcess:
    """A server that is not started yet, for what is the same on each kind of database."""
    return ServerProcess(f"sqlite:///{tmp_path}/cortex.db", tmp_path, **receiver.settings)


def named(spans: list[Span], start: str) -> Span:
    """Return the one span whose name begins so."""
    [span] = [span for span in spans if span.name.startswith(start)]
    return span


async def arrived(receiver: Receiver, word: str) -> list[Span]:
    """Return the trace with that correlation id, once its outermost span, the last, is there."""
    found = await eventually(lambda: receiver.trace(word))
    assert found, "no trace arrived"
    return found


async def test_one_request_is_found_by_its_word(told: ServerProcess, receiver: Receiver):
    ada = await Api(told.port).sign_in()
    talk = await ada.conversation()
    answer = await ada.post(
        f"{talk}/messages", {"content": "private words"}, **{"X-Correlation-ID": "word-1"}
    )
    assert (answer.status, answer.headers["x-correlation-id"]) == (201, "word-1")
    spans = await arrived(receiver, "word-1")

    request = named(spans, "POST /v1/conversations/{conversation_id}/messages")
    assert (request.kind, request.parent, request.failed) == (SERVER, "", False)
    assert request.attributes["http.response.status_code"] == 201
    case = named(spans, "exchange.post")
    assert case.parent == request.id
    units = [span for span in spans if span.name == "cortex.unit_of_work"]
    assert {unit.parent for unit in units} <= {request.id, case.id}
    [writing] = [unit for unit in units if unit.parent == case.id]
    assert writing.attributes["read_only"] is False
    statements = [span for span in spans if "db.query.text" in span.attributes]
    assert all(span.kind == CLIENT for span in statements)
    assert {span.parent for span in statements} <= {unit.id for unit in units}
    written = [span.attributes["db.query.text"] for span in statements if span.parent == writing.id]
    assert any("INSERT INTO messages" in text for text in written), written
    assert b"private words" not in receiver.raw

    line = next(line for line in told.lines("http.request") if line["correlation_id"] == "word-1")
    assert (line["trace_id"], line["status"]) == (request.trace, 201)
    assert request.resource["service.name"] == line["service"] == "cortex-core"
    assert request.resource["service.version"] == line["version"]


async def test_a_refusal_is_found_by_the_word_in_its_problem(
    told: ServerProcess, receiver: Receiver
):
    ada = await Api(told.port).sign_in()
    answer = await ada.get("/v1/workspaces/nothing", **{"X-Correlation-ID": "word-2"})
    problem = answer.json()
    assert (answer.status, problem["correlation_id"]) == (404, "word-2")
    spans = await arrived(receiver, "word-2")
    [line] = [line for line in told.lines("http.request") if line["correlation_id"] == "word-2"]
    assert line["code"] == problem["code"]
    request = named(spans, "GET /v1/workspaces/{workspace_id}")
    assert line["trace_id"] == request.trace
    assert not request.failed, "a client's fault is none of ours"


async def test_an_incident_is_found_everywhere(told: ServerProcess, receiver: Receiver):
    ada = await Api(told.port).sign_in()
    talk = await ada.conversation()
    await take_away(told, "messages")
    answer = await ada.get(f"{talk}/messages", **{"X-Correlation-ID": "word-3"})
    problem = answer.json()
    assert (answer.status, problem["correlation_id"]) == (500, "word-3")
    spans = await arrived(receiver, "word-3")
    [line] = [line for line in told.lines("incident") if line["correlation_id"] == "word-3"]
    assert line["incident"] in problem["detail"]
    [record] = await eventually(lambda: receiver.logs)
    assert (record["incident"], record["severity"]) == (line["incident"], "ERROR")
    request = named(spans, "GET /v1/conversations/{conversation_id}/messages")
    assert record["trace"] == line["trace_id"] == request.trace
    assert request.failed
    assert request.attributes["error.type"] == "internal"
    told_on = [event for span in spans for event in span.events]
    assert [event["incident"] for event in told_on] == [line["incident"]]
    assert b"no such table" not in receiver.raw
    assert b"does not exist" not in receiver.raw


async def test_events_and_the_answer_speak_in_the_name_of_the_request(
    told: ServerProcess, receiver: Receiver
):
    ada = await Api(told.port).sign_in()
    talk = await ada.conversation()
    stream = await ada.follow(f"{talk}/events")
    asked = {"content": "Say this again", "respond": True}
    answer = await ada.post(f"{talk}/messages", asked, **{"X-Correlation-ID": "word-8"})
    assert answer.status == 201
    async with asyncio.timeout(10):
        events = await stream.until("turn.completed")
    stream.close()
    logged = [event for event in events if event.id]
    assert {event.data["correlation_id"] for event in logged} == {"word-8"}
    request = named(await arrived(receiver, "word-8"), "POST ")

    def turns() -> list[Span]:
        return [span for span in receiver.spans if span.name == "cortex.turn"]

    [turn] = await eventually(turns)
    assert turn.trace != request.trace, "a turn may come hours later: it is linked, and no part"
    assert turn.links == (request.trace,)
    assert turn.attributes["outcome"] == "ok"


async def test_a_trace_of_the_caller_goes_on(told: ServerProcess, receiver: Receiver):
    ada = await Api(told.port).sign_in()
    caller = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Correlation-ID": "word-4"}
    assert (await ada.get("/v1/me", **caller)).status == 200
    request = named(await arrived(receiver, "word-4"), "GET /v1/me")
    assert (request.trace, request.parent) == (TRACE, CALLER)
    # Nobody asked for this one to be sampled.
    assert (await ada.get("/v1/me", traceparent=f"00-{TRACE[::-1]}-{CALLER}-00")).status == 200
    # And this is none.
    assert (await ada.get("/v1/me", traceparent=f"00-{'0' * 32}-{CALLER}-01")).status == 200
    assert (await told.terminate()) == 0
    assert TRACE[::-1] not in {span.trace for span in receiver.spans}
    assert "0" * 32 not in {span.trace for span in receiver.spans}


async def test_numbers_arrive(told: ServerProcess, receiver: Receiver):
    ada = await Api(told.port).sign_in()
    for _ in range(3):
        await ada.get("/v1/me")

    def counted() -> bool:
        asked = [
            number
            for labels, number in receiver.points("http.server.request.duration")
            if labels.get("http.route") == "/v1/me"
        ]
        return asked == [3]

    assert await eventually(counted)
    labels, number = receiver.points("cortex.build.info")[0]
    assert (labels["environment"], number) == ("development", 1)
    assert receiver.points("cortex.log.dropped") == [({}, 0)]
    assert {"db.client.operation.duration", "cortex.operation.duration", "cortex.loop.lag"} <= (
        receiver.metrics
    )


@pytest.mark.parametrize(
    ("sampler", "argument", "least", "most"),
    [
        ("always_on", "", 100, 100),
        ("always_off", "", 0, 0),
        ("parentbased_traceidratio", "0.3", 8, 60),
        ("traceidratio", "0", 0, 0),
    ],
)
async def test_as_much_is_sampled_as_is_asked_for(
    quick: ServerProcess, receiver: Receiver, sampler: str, argument: str, least: int, most: int
):
    quick.set(OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument)
    await quick.start()
    try:
        ada = await Api(quick.port).sign_in()
        for _ in range(100):
            assert (await ada.get("/v1/me")).status == 200
        assert await quick.terminate() == 0
    finally:
        await quick.stop()
    tops = [span for span in receiver.spans if span.name == "GET /v1/me"]
    assert least <= len(tops) <= most
    whole = {span.trace for span in receiver.spans if span.name == "users.me"}
    assert {span.trace for span in tops} == whole, "a trace is sampled as a whole"
    [(_, asked)] = [
        point
        for point in receiver.points("http.server.request.duration")
        if point[0].get("http.route") == "/v1/me"
    ]
    assert asked == 100, "who is not sampled is counted all the same"


async def test_nothing_is_sent_where_telemetry_is_disabled(
    quick: ServerProcess, receiver: Receiver
):
    quick.set(OTEL_SDK_DISABLED="true")
    await quick.start()
    try:
        ada = await Api(quick.port).sign_in()
        answer = await ada.get("/v1/me", **{"X-Correlation-ID": "word-5"})
        assert (answer.status, answer.headers["x-correlation-id"]) == (200, "word-5")
        await asyncio.sleep(0.5)
        assert await quick.terminate() == 0
    finally:
        await quick.stop()
    assert receiver.requests == 0
    [line] = [line for line in quick.lines("http.request") if line["correlation_id"] == "word-5"]
    assert "trace_id" not in line


async def test_what_is_left_is_sent_at_the_end(quick: ServerProcess, receiver: Receiver):
    quick.set(
        OTEL_BSP_SCHEDULE_DELAY="60000",
        OTEL_BLRP_SCHEDULE_DELAY="60000",
        OTEL_METRIC_EXPORT_INTERVAL="60000",
    )
    await quick.start()
    try:
        ada = await Api(quick.port).sign_in()
        await ada.get("/v1/me", **{"X-Correlation-ID": "word-6"})
        assert receiver.requests == 0
        assert await quick.terminate() == 0
    finally:
        await quick.stop()
    assert named(receiver.trace("word-6"), "GET /v1/me").parent == ""
    assert "http.server.request.duration" in receiver.metrics
