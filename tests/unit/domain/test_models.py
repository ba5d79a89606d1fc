from collections.abc import Callable
from functools import partial
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from cortex_core.contract import make, strategies
from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.events import LOGGABLE, Loggable, Logged
from cortex_core.domain.models import Conversation, Message, User, Workspace

USER = make.user()
LAB = make.workspace()
TALK = make.conversation(LAB)
NOTE = make.message(TALK, USER)


def pointers(build: Callable[[], object]) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        build()
    return [fault.pointer for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("entity", "field", "most"),
    [
        (USER, "issuer", 255),
        (USER, "subject", 255),
        (LAB, "name", 100),
        (TALK, "topic", 200),
        (NOTE, "content", 32_000),
    ],
)
@pytest.mark.parametrize("character", ["x", "\N{PILE OF POO}"])
def test_what_must_be_there_has_a_most(
    entity: User | Workspace | Conversation | Message, field: str, most: int, character: str
) -> None:
    changed = replace(entity, **{field: character * most})
    assert getattr(changed, field) == character * most
    for wrong in ("", " \n", character * (most + 1), "a\x00", "a\ud800"):
        assert pointers(partial(replace, entity, **{field: wrong})) == [f"/{field}"]


@pytest.mark.parametrize(
    ("entity", "field", "most"),
    [(USER, "name", 200), (USER, "email", 255), (LAB, "description", 500)],
)
def test_what_may_be_missing_has_a_most_too(
    entity: User | Workspace, field: str, most: int
) -> None:
    for right in ("", " ", "x" * most):
        assert getattr(replace(entity, **{field: right}), field) == right
    for wrong in ("x" * (most + 1), "\x00", "\ud800"):
        assert pointers(partial(replace, entity, **{field: wrong})) == [f"/{field}"]


def test_every_fault_is_told_at_once() -> None:
    wrong = {"name": " ", "description": "x" * 501, "metadata": {"a": 2**63, "b": "\x00"}}
    assert pointers(lambda: replace(LAB, **wrong)) == [
        "/name",
        "/description",
        "/metadata/a",
        "/metadata/b",
    ]


@pytest.mark.parametrize("entity", [USER, LAB, TALK, NOTE])
def test_metadata_come_into_normal_form(
    entity: User | Workspace | Conversation | Message,
) -> None:
    normal = replace(entity, metadata={"b": 1.0, "a": -0.0})
    assert msgspec.json.encode(normal.metadata) == b'{"a":0,"b":1}'
    assert pointers(lambda: replace(entity, metadata={"a": float("nan")})) == ["/metadata/a"]


@pytest.mark.parametrize("entity", [USER, LAB, TALK, NOTE])
def test_a_value_is_frozen(entity: User | Workspace | Conversation | Message) -> None:
    with pytest.raises(AttributeError):
        entity.metadata = {}  # type: ignore[misc]


@given(metadata=strategies.metadata(), content=strategies.contents())
def test_a_value_survives_json(metadata: dict[str, object], content: str) -> None:
    note = make.message(TALK, USER, content, metadata=metadata)
    encoded = msgspec.json.encode(note)
    assert msgspec.json.decode(encoded, type=Message) == note
    assert msgspec.json.encode(msgspec.json.decode(encoded, type=Message)) == encoded


def test_times_are_told_in_utc() -> None:
    encoded = msgspec.to_builtins(replace(NOTE, created_at=make.at(0.000001)))
    assert encoded["created_at"] == "2026-01-01T12:00:00.000001Z"


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**msgspec.to_builtins(NOTE), "more": 1}, Message)


def test_every_event_has_a_type_of_its_own() -> None:
    kinds = get_args(Logged)
    assert len({kind.type for kind in kinds}) == len(kinds)
    assert {kind.type: kind for kind in get_args(Loggable)} == LOGGABLE
