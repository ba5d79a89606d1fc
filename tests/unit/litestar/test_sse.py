"""Our encoder, judged by a client that follows the standard, itself judged by its cases."""

import json
from collections.abc import AsyncGenerator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cortex_adapters.litestar.errors import problem_of
from cortex_adapters.litestar.openapi.refusals import HEARD, occurrence
from cortex_adapters.litestar.sse import HEARTBEAT, Encoder, encode, wire
from cortex_core.contract import make
from cortex_core.domain.errors import CortexError, NotFoundError, UnavailableError
from cortex_core.domain.events import MessageCreated, Recorded, TurnDelta
from cortex_core.domain.models import Actor, ActorKind
from cortex_core.domain.text import text_faults
from cortex_core.services.following import Goodbye, Item, Quiet, Reset
from tests.unit.litestar.eventsource import EventSource, Message, parse
from tests.vectors import vectors

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
CONTENT = TEXT.filter(lambda text: not [*text_faults("", text, least=1, most=40)])


def test_the_client_hears_what_the_standard_says() -> None:
    for case in json.loads(vectors("eventsource_cases.json").read_text())["cases"]:
        body = case["in"].encode()
        for size in (len(body) + 1, 1, 3):
            source = EventSource()
            for start in range(0, len(body), size):
                source.feed(body[start : start + size])
            source.feed(b"", end=True)
            heard = [[each.event, each.data, each.last_event_id] for each in source.messages]
            assert heard == case["out"], case["name"]


def test_the_client_takes_a_new_reconnection_time_only_if_it_is_one() -> None:
    assert parse(b"retry:1000\n\n").retry == 1000
    assert parse(b"retry:1000x\nretry: -1\nretry\nretry: \xc2\xb2\n\n").retry is None


async def _said(*items: Item | Exception) -> EventSource:
    return parse(await _stream(*items))


async def _stream(*items: Item | Exception) -> bytes:
    async def stream() -> AsyncGenerator[Item, None]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    problem = partial(problem_of, word="word", docs_url="https://docs.example")
    encoder = Encoder(epoch="abc", clock=lambda: make.NOON, problem=problem, report=str)
    return b"".join([block async for block in encoder.stream(stream())])


def _recorded(content: str = "Hello.", seq: int = 7) -> Recorded:
    conversation = make.conversation(make.workspace())
    actor = Actor(kind=ActorKind.USER, id=make.user_id())
    message = make.message(conversation, actor, content)
    return Recorded(
        conversation_id=conversation.id,
        seq=seq,
        at=make.NOON,
        actor=actor,
        data=MessageCreated(message=message),
    )


async def test_a_stream_begins_with_how_long_to_wait_before_the_next() -> None:
    source = await _said()
    assert source.retry == 2000
    assert not source.messages


async def test_an_event_has_its_place_in_id_and_data() -> None:
    recorded = _recorded()
    [message] = (await _said(recorded)).messages
    assert (message.event, message.last_event_id) == ("message.created", "abc.7")
    data = message.json()
    assert data.keys() == {"type", "seq", "at", "actor", "data", "correlation_id"}
    assert (data["type"], data["seq"], data["at"]) == (
        "message.created",
        7,
        "2026-01-01T12:00:00Z",
    )
    assert data["actor"] == {"kind": "user", "id": recorded.actor.id}
    assert data["data"]["message"]["content"] == "Hello."
    assert data["correlation_id"] is None


async def test_an_event_says_which_request_led_to_it() -> None:
    recorded = replace(_recorded(), correlation_id="word")
    [message] = (await _said(recorded)).messages
    assert message.json()["correlation_id"] == "word"


async def test_what_passes_has_no_place_and_takes_none_away() -> None:
    delta = make.delta(make.conversation_id(), 3, "Well, ")
    source = await _said(_recorded(), delta, Quiet(), Reset(oldest=1), _recorded(seq=1))
    assert [message.event for message in source.messages] == [
        "message.created",
        "turn.delta",
        "reset",
        "message.created",
    ]
    assert [message.last_event_id for message in source.messages] == [
        *["abc.7"] * 3,
        "abc.1",
    ]
    passed, reset = (message.json() for message in source.messages[1:3])
    assert passed["seq"] is None
    assert passed["actor"]["kind"] == "assistant"
    assert passed["data"] == {
        "turn_id": delta.turn_id,
        "attempt": delta.attempt,
        "index": 3,
        "text": "Well, ",
    }
    assert (reset["seq"], reset["data"]) == (None, {"oldest": 1})


async def test_quiet_is_a_comment_that_no_listener_hears() -> None:
    source = await _said(Quiet(), Quiet())
    assert HEARTBEAT.startswith(b":")
    assert len(source.comments) == 2
    assert not source.messages


@pytest.mark.parametrize("raised", [False, True])
async def test_a_goodbye_says_why_and_so_does_an_error_on_the_way(raised: bool) -> None:
    reason = UnavailableError("Back soon.")
    source = await _said(_recorded(), reason if raised else Goodbye(reason=reason))
    goodbye = source.messages[-1]
    assert goodbye.event == "goodbye"
    data = goodbye.json()["data"]
    assert goodbye.json()["correlation_id"] == data["correlation_id"]
    assert (data["code"], data["status"], data["detail"], data["retryable"]) == (
        "dependency-unavailable",
        503,
        "Back soon.",
        True,
    )
    assert data["correlation_id"] == "word"


@pytest.mark.parametrize("kind", HEARD, ids=lambda kind: kind.code)
async def test_a_goodbye_says_when_to_connect_again_if_that_may_help(
    kind: type[CortexError],
) -> None:
    reason = occurrence(kind)
    for seconds in (1, 7):
        reason.retry_after = seconds
        body = await _stream(Goodbye(reason=reason))
        _, goodbye = body.removesuffix(b"\n\n").split(b"\n\n")
        retryable = parse(body).messages[-1].json()["data"]["retryable"]
        assert retryable is kind.retryable
        again = max(2, seconds) * 1000 if retryable else None
        assert parse(goodbye + b"\n\n").retry == again


async def test_a_right_that_was_lost_is_told_as_not_found() -> None:
    [goodbye] = (await _said(Goodbye(reason=NotFoundError()))).messages
    assert goodbye.json()["data"]["status"] == 404


async def test_an_error_that_nobody_planned_for_ends_in_a_goodbye_and_an_incident() -> None:
    [goodbye] = (await _said(RuntimeError("incident-7"))).messages
    problem = goodbye.json()["data"]
    assert (problem["code"], problem["status"]) == ("internal", 500)
    assert problem["detail"].endswith("Incident: incident-7")


@given(content=CONTENT, seq=st.integers(1, 1 << 62))
def test_whatever_was_said_arrives_as_one_event(content: str, seq: int) -> None:
    recorded = _recorded(content, seq)
    block = encode(wire(recorded), epoch="abc")
    assert block.count(b"\n\n") == 1
    for chunks in ([block], [bytes([byte]) for byte in block]):
        source = EventSource()
        for chunk in chunks:
            source.feed(chunk)
        [message] = source.messages
        assert message.last_event_id == f"abc.{seq}"
        assert message.json()["data"]["message"]["content"] == recorded.data.message.content  # type: ignore[union-attr]


@given(texts=st.lists(TEXT, max_size=8))
async def test_pieces_with_any_line_ends_arrive_whole_and_in_order(texts: list[str]) -> None:
    here = make.conversation_id()
    deltas: list[TurnDelta] = [make.delta(here, index, text) for index, text in enumerate(texts)]
    source = await _said(*deltas)
    assert [message.json()["data"]["text"] for message in source.messages] == texts
    assert all(message == Message("turn.delta", message.data, "") for message in source.messages)
