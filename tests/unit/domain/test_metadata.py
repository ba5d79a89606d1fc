from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given

from cortex_core.contract import strategies
from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.metadata import MAX_BYTES, MAX_DEPTH, normal_metadata


def faults(value: dict[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        normal_metadata(value)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def names_in_order(value: object) -> bool:
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(names_in_order, value.values()))
    return all(map(names_in_order, value)) if isinstance(value, list) else True


@given(raw=strategies.raw_metadata())
def test_the_normal_form_is_equal_and_its_own_normal_form(raw: dict[str, object]) -> None:
    normal = normal_metadata(raw)
    assert normal == raw
    assert normal_metadata(normal) == normal
    assert msgspec.json.encode(normal_metadata(normal)) == msgspec.json.encode(normal)


@given(raw=strategies.raw_metadata())
def test_the_normal_form_survives_json_to_the_byte(raw: dict[str, object]) -> None:
    encoded = msgspec.json.encode(normal_metadata(raw))
    decoded = msgspec.json.decode(encoded, type=dict[str, object])
    assert msgspec.json.encode(normal_metadata(decoded)) == encoded


@given(raw=strategies.raw_metadata())
def test_names_come_in_code_point_order(raw: dict[str, object]) -> None:
    assert names_in_order(normal_metadata(raw))


def test_order_is_that_of_code_points_not_of_utf_16() -> None:
    assert list(normal_metadata({"\U00010000": 1, "\uffff": 2, "a": 3, "B": 4})) == [
        "B",
        "a",
        "\uffff",
        "\U00010000",
    ]


@pytest.mark.parametrize(
    ("raw", "json"),
    [
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e18, b"1000000000000000000"),
        (-(2.0**62), b"-4611686018427387904"),
        (2.0**63, b"9.223372036854776e18"),
        (-(2.0**63), b"-9223372036854775808"),
        (1e22, b"1e22"),
        (5e-324, b"5e-324"),
        (2**63 - 1, b"9223372036854775807"),
        (-(2**63), b"-9223372036854775808"),
        (True, b"true"),
        ((1, 2), b"[1,2]"),
    ],
)
def test_numbers_are_kept_by_value(raw: object, json: bytes) -> None:
    """RFC 8785 section 3.2.2.3: 1.0 is 1, and -0 is 0."""
    assert msgspec.json.encode(normal_metadata({"n": raw})) == b'{"n":' + json + b"}"


def test_what_was_given_stays_as_it_was() -> None:
    inner: list[object] = [1.0, {"b": 1, "a": 2}]
    raw: dict[str, object] = {"z": inner, "a": 1}
    normal = normal_metadata(raw)
    inner.append(3)
    assert normal == {"a": 1, "z": [1, {"a": 2, "b": 1}]}
    assert list(raw) == ["z", "a"]


@pytest.mark.parametrize("depth", range(1, MAX_DEPTH + 1))
def test_eight_levels_are_enough(depth: int) -> None:
    assert normal_metadata(nested(depth)) == nested(depth)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 10_000])
def test_a_ninth_level_is_too_deep(depth: int) -> None:
    assert faults(nested(depth)) == [("/metadata" + "/a" * MAX_DEPTH, "depth")]


def test_lists_are_levels_too() -> None:
    assert faults({"a": [[[[[[[[]]]]]]]]}) == [("/metadata/a" + "/0" * (MAX_DEPTH - 1), "depth")]


@pytest.mark.parametrize("character", ["x", "\xe9", "\N{PILE OF POO}", "\n", "\x01"])
def test_size_counts_bytes_of_compact_json(character: str) -> None:
    each = len(msgspec.json.encode(character)) - 2
    fitting = character * ((MAX_BYTES - 8) // each)
    padding = "x" * ((MAX_BYTES - 8) % each)
    assert normal_metadata({"a": fitting + padding})
    assert faults({"a": fitting + padding + "x"}) == [("/metadata", "size")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**63, "range"),
        (-(2**63) - 1, "range"),
        (10**400, "range"),
        (float("nan"), "range"),
        (float("inf"), "range"),
        (float("-inf"), "range"),
        ("\x00", "characters"),
        ("\ud800", "characters"),
        (b"bytes", "type"),
        ({1, 2}, "type"),
        (datetime(2026, 1, 1, tzinfo=UTC), "type"),
        (object(), "type"),
    ],
)
def test_what_json_or_a_store_cannot_hold_is_refused(value: object, code: str) -> None:
    assert faults({"a": [value]}) == [("/metadata/a/0", code)]


def test_a_name_that_cannot_be_stored_is_refused() -> None:
    assert faults({"a": {"\x00": 1}}) == [("/metadata/a", "characters")]
    assert faults({"\udfff": 1}) == [("/metadata", "characters")]


def test_every_fault_is_told_by_its_pointer() -> None:
    """RFC 6901: ~ and / in names are escaped."""
    assert faults({"a/b": 2**63, "c~d": [1, "\x00"], "e": {"": float("nan")}}) == [
        ("/metadata/a~1b", "range"),
        ("/metadata/c~0d/1", "characters"),
        ("/metadata/e/", "range"),
    ]
