"""Lines: one for each record, whatever is in it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_adapters.telemetry import lines
from cortex_adapters.telemetry.lines import LONGEST, LONGEST_BLOCK, Place, Record, json_lines
from cortex_core.ports import AttributeValue

NOON = datetime(2026, 11, 23, 12, 0, 0, 123_456, UTC)
VALUES: st.SearchStrategy[AttributeValue] = st.one_of(
    st.text(st.characters(exclude_categories=[])), st.booleans(), st.integers(), st.floats()
)


def record(event: str = "event", block: str = "", **attributes: AttributeValue) -> Record:
    return Record(at=NOON, level="info", event=event, attributes=attributes, block=block)


def parsed(line: bytes) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(line, parse_constant=pytest.fail)
    return members


def json_line(said: Record) -> bytes:
    return json_lines()(said, Place())


def text_line(said: Record) -> bytes:
    return lines.text_line(said, Place())


@given(
    st.text(st.characters(exclude_categories=[])),
    st.dictionaries(st.text(st.characters(exclude_categories=[])), VALUES, max_size=5),
)
def test_anything_is_one_line(event: str, attributes: dict[str, AttributeValue]):
    said = Record(at=NOON, level="error", event=event, attributes=attributes)
    for line in (json_line(said), text_line(said)):
        text = line.decode()
        assert text.endswith("\n")
        assert text[:-1].isprintable()
    members = parsed(json_line(said))
    assert members["time"] == "2026-11-23T12:00:00.123456Z"
    assert members["level"] == "error"


PIECES = [
    "eyJ",
    "gh",
    "p_",
    "sk",
    "-",
    "_",
    "xoxb-",
    "AKIA",
    "ASIA",
    "glpat-",
    "github_pat_",
    "rk_live_",
]
PIECES += [
    "A0" * 8,
    "a1" * 10,
    ".",
    "code=",
    "token:",
    "://u:pw@h",
    "<secret>",
    "Bearer",
    " ",
    "é",
    "/v1/me",
]


@settings(max_examples=2_000)
@given(
    st.dictionaries(
        st.sampled_from(["method", "status", "token", "a b", "time", "é"]),
        VALUES | st.just(" "),
        max_size=2,
    ),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
)
def test_a_glance_lets_through_what_a_closer_look_does(
    attributes: dict[str, AttributeValue], text: str
):
    said: dict[str, AttributeValue] = {"text": text, **attributes}
    closer = {**said, "odd": " "}  # which asks for it
    glanced_at, looked_at = (
        parsed(json_line(Record(at=NOON, level="info", event="event", attributes=each)))
        for each in (said, closer)
    )
    assert looked_at.pop("odd") == " "
    assert glanced_at == looked_at


def test_values_keep_their_types():
    members = parsed(json_line(record(n=3, x=0.5, yes=True, text="a b", big=1 << 70, odd=1e999)))
    assert members["event"] == "event"
    assert (members["n"], members["x"], members["yes"], members["text"]) == (3, 0.5, True, "a b")
    assert members["big"] == hex(1 << 70)
    assert members["odd"] == "inf"


def test_an_attribute_does_not_pose_as_the_line_itself():
    members = parsed(json_line(record(time="never", traceback="none")))
    assert members["time"] == "2026-11-23T12:00:00.123456Z"
    assert (members["time_"], members["traceback_"]) == ("never", "none")
    assert "traceback" not in members


def test_what_every_line_has_is_there_once():
    line = json_lines({"service": "ours"})(record(service="theirs"), Place("c"))
    assert line.count(b'"service"') == 1
    members = parsed(line)
    assert (members["service"], members["service_"]) == ("ours", "theirs")
    assert members["correlation_id"] == "c"


def test_long_text_is_cut_in_the_middle():
    said = record(block="first" + "x" * 1_000_000 + "last", value="x" * 1_000_000)
    members = parsed(json_line(said))
    assert len(members["value"]) < LONGEST + 100
    assert len(members["traceback"]) < LONGEST_BLOCK + 100
    assert members["traceback"].startswith("first")
    assert members["traceback"].endswith("last")


def test_more_attributes_than_anybody_reads_are_left_out():
    attributes: dict[str, AttributeValue] = {f"a{n}": n for n in range(1_000)}
    said = Record(at=NOON, level="info", event="event", attributes=attributes)
    members = parsed(json_line(said))
    assert len(members) < 100


def test_a_line_for_people():
    line = text_line(
        record("server.listening", host="::1", port=8000, why='a "b"', at="a\x1b[31mb")
    )
    assert line.decode().split(" ", 1)[1] == (
        'info    server.listening host=::1 port=8000 why="a \\"b\\"" at="a\\u001b[31mb"\n'
    )


def test_a_block_cannot_forge_a_line():
    block = "Traceback:\n12:00:00 info    all.is.well\r\n\x1b[2J\u2028x"
    first, *below = text_line(record(block=block)).decode().split("\n")
    assert first.endswith(" info    event")
    assert below[-1] == ""
    assert all(line.startswith("    | ") and line.isprintable() for line in below[:-1])
