"""The OpenAPI document says what is accepted, and what is sent: no more, no less."""

import json
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.litestar import sse
from cortex_adapters.litestar.errors import problem_of
from cortex_adapters.litestar.openapi.refusals import HEARD, occurrence
from cortex_core.contract import make
from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.events import (
    ConversationUpdated,
    Logged,
    MessageCreated,
    ParticipantAdded,
    ParticipantRemoved,
    Recorded,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from cortex_core.domain.ids import is_id
from cortex_core.domain.metadata import MAX_DEPTH, normal_metadata
from cortex_core.domain.models import TurnError
from cortex_core.domain.text import text_faults
from cortex_core.services.following import Goodbye, Item, Reset
from tests.unit.litestar.document import OPERATIONS, SCHEMAS, named, resolved, validator
from tests.unit.litestar.eventsource import parse

# What one dialect of regular expressions or another takes for white space, and its neighbours.
ODD = st.text("\t\n\x0b\x1c\x1f \x85\xa0\u1680\u2003\u2028\u202f\u3000\ufeff\u200b\0a", max_size=4)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | ODD,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(ODD, below, max_size=3),
    max_leaves=5,
)
METADATA = named("Metadata")


@pytest.mark.parametrize(
    ("component", "field", "least", "most"),
    [
        ("CreateWorkspace", "name", 1, 100),
        ("CreateWorkspace", "description", 0, 500),
        ("StartConversation", "topic", 1, 200),
        ("PostMessage", "content", 1, 32_000),
        ("ChangeMe", "name", 0, 200),
    ],
)
@given(data=st.data())
def test_a_text_is_valid_if_it_is_accepted(
    component: str, field: str, least: int, most: int, data: st.DataObject
) -> None:
    near = st.integers(most - 1, most + 1).map(lambda size: "\u00e9" * size)
    text = data.draw(ODD | st.text(max_size=3) | near)
    accepted = not list(text_faults("", text, least=least, most=most))
    assert validator(SCHEMAS[component]["properties"][field]).is_valid(text) == accepted


@given(st.dictionaries(ODD, VALUES, max_size=3))
def test_metadata_is_valid_if_it_is_accepted(value: dict[str, object]) -> None:
    assert METADATA.is_valid(value) == _accepted(value)


def _accepted(metadata: dict[str, object]) -> bool:
    try:
        normal_metadata(metadata)
    except InvalidInputError:
        return False
    return True


@pytest.mark.parametrize("kind", [list, dict])
def test_metadata_is_as_deep_as_it_is_told(kind: type[list[object] | dict[str, object]]) -> None:
    value: object = "deep"
    for level in range(1, MAX_DEPTH + 3):
        metadata = {"a": value}
        assert METADATA.is_valid(metadata) == _accepted(metadata) == (level <= MAX_DEPTH)
        value = [value] if kind is list else {"a": value}


def test_null_is_allowed_where_it_means_something() -> None:
    assert named("ChangeWorkspace").is_valid({"description": None, "metadata": None})
    assert not named("ChangeWorkspace").is_valid({"name": None})
    assert not named("CreateWorkspace").is_valid({"name": "Lab", "metadata": None})
    assert named("AskForToken").is_valid({"email": "ada@example.com", "permissions": None})


def test_an_id_is_told_as_it_is_accepted() -> None:
    given_ids = (
        "01978f3a-5c00-7a1e-9b37-3c1e5a0d2f41",
        "01978F3A-5C00-7A1E-9B37-3C1E5A0D2F41",
        "1",
    )
    for *_, operation in OPERATIONS:
        for parameter in map(resolved, operation["parameters"]):
            if parameter["in"] == "path" and parameter["name"].endswith("_id"):
                valid = validator(parameter["schema"]).is_valid
                assert [valid(each) for each in given_ids] == [is_id(each) for each in given_ids]


def _logged() -> list[Logged]:
    talk = make.conversation(make.workspace())
    person = make.user()
    message = make.message(talk, person, metadata={"a": [1e300, None, "b"]})
    turn = make.turn_id()
    return [
        MessageCreated(message=message),
        TurnStarted(turn_id=turn, message_id=message.id, attempt=1),
        TurnCompleted(turn_id=turn, message_id=message.id, answer_id=make.message_id()),
        TurnFailed(
            turn_id=turn, message_id=message.id, error=TurnError(code="timeout", message="Late.")
        ),
        ConversationUpdated(topic="T", metadata={"a": 1}, version=2),
        ParticipantAdded(user_id=person.id),
        ParticipantRemoved(user_id=person.id),
    ]


def _recorded() -> list[Recorded]:
    talk, actor = make.conversation_id(), make.actor(make.user())
    return [
        Recorded(conversation_id=talk, seq=seq, at=make.NOON, actor=actor, data=data)
        for seq, data in enumerate(_logged(), 1)
    ]


async def _streamed(items: list[Item]) -> list[Any]:
    async def each() -> AsyncGenerator[Item, None]:
        for item in items:
            yield item

    problem = partial(problem_of, word="word", docs_url="https://docs.example")
    encoder = sse.Encoder(epoch="abc", clock=lambda: make.NOON, problem=problem, report=str)
    said = parse(b"".join([block async for block in encoder.stream(each())]))
    return [message.json() for message in said.messages]


async def test_every_event_is_streamed_as_it_is_told() -> None:
    goodbyes = [Goodbye(reason=occurrence(kind)) for kind in HEARD]
    delta = make.delta(make.conversation_id())
    events = await _streamed([*_recorded(), delta, Reset(oldest=1), *goodbyes])
    told = named("StreamEvent")
    for event in events:
        assert [error.message for error in told.iter_errors(event)] == []
    mapping = SCHEMAS["StreamEvent"]["discriminator"]["mapping"]
    assert {event["type"] for event in events} == mapping.keys()


def test_every_event_is_paged_as_it_is_told() -> None:
    page = {"items": [sse.wire(each) for each in _recorded()], "next_cursor": None}
    named("EventPage").validate(json.loads(msgspec.json.encode(page)))
    mapping = SCHEMAS["LoggedEvent"]["discriminator"]["mapping"]
    assert {item.type for item in page["items"] or ()} == mapping.keys()


async def test_the_sample_of_a_stream_is_one() -> None:
    operation = next(each for *_, each in OPERATIONS if each["operationId"] == "events_events")
    content = operation["responses"]["200"]["content"][sse.MEDIA_TYPE]
    said = parse(content["examples"]["answer"]["value"].encode())
    assert said.retry == sse.RETRY_MS
    told = validator(content["x-event-schema"])
    assert len(said.messages) >= 4
    for message in said.messages:
        told.validate(message.json())
        assert message.event == message.json()["type"]
