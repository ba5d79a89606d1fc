"""Values that cannot go are found, each with its table, its key and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.moving.fitness import Finding, Fitness
from cortex_adapters.moving.rows import Value
from cortex_adapters.moving.tables import Column, Kind, Table
from cortex_core.contract.strategies import text

ID = "01234567-89ab-7cde-8f01-23456789abcd"
LAST = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
FIRST = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z


def reason(kind: Kind, value: Value, *, nullable: bool = False) -> str | None:
    table = Table("t", (Column("id", Kind.TEXT), Column("c", kind, nullable)), ("id",))
    found = Fitness(table).findings(("k", value))
    assert all((each.table, each.key, each.column) == ("t", '["k"]', "c") for each in found)
    return found[0].reason if found else None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, ""),
        (Kind.TEXT, "é\U0001f600\u202e \t\n"),
        (Kind.UUID, ID),
        (Kind.OBJECT, '{"a":[1,null]}'),
        (Kind.JSON, '{"a":1,"a":2}'),
        (Kind.BOOLEAN, 0),
        (Kind.BOOLEAN, 1),
        (Kind.INTEGER, (1 << 63) - 1),
        (Kind.INTEGER, -(1 << 63)),
        (Kind.SHORT, (1 << 31) - 1),
        (Kind.INSTANT, FIRST),
        (Kind.INSTANT, LAST),
        (Kind.BYTES, b"\x00\xff"),
    ],
)
def test_what_fits_goes(kind: Kind, value: Value):
    assert reason(kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Kind.TEXT, "a\x00b", "must not contain U+0000"),
        (Kind.TEXT, "\ud800", "must not contain lone surrogates"),
        (Kind.TEXT, str(b"\xff", "utf-8", "surrogateescape"), "must not contain lone surrogates"),
        (Kind.TEXT, 7, "holds an integer where text must be"),
        (Kind.TEXT, b"x", "holds bytes where text must be"),
        (Kind.UUID, ID.upper(), "must be a UUID in small letters, with hyphens"),
        (Kind.UUID, ID.replace("-", ""), "must be a UUID in small letters, with hyphens"),
        (Kind.BOOLEAN, 7, "must be 0 or 1"),
        (Kind.INTEGER, 1.0, "holds a real number where an integer must be"),
        (Kind.INTEGER, "notint", "holds text where an integer must be"),
        (Kind.SHORT, 1 << 31, "must lie within 32 bits, signed"),
        (Kind.INSTANT, LAST + 1, "must be a time in the years 1 to 9999"),
        (Kind.INSTANT, FIRST - 1, "must be a time in the years 1 to 9999"),
        (Kind.BYTES, "x", "holds text where bytes must be"),
        (Kind.TEXT, None, "must not be NULL"),
    ],
)
def test_what_does_not_fit_is_named(kind: Kind, value: Value, why: str):
    assert reason(kind, value) == why


def test_nothing_may_be_nothing():
    assert reason(Kind.TEXT, None, nullable=True) is None


def test_a_key_that_is_no_text_is_named_all_the_same():
    table = Table("t", (Column("id", Kind.TEXT),), ("id",))
    assert Fitness(table).findings(("a\ud800",)) == [
        Finding("t", "['a\\ud800']", "id", "must not contain lone surrogates")
    ]


@given(text())
def test_text_that_the_api_takes_can_go(value: str):
    assert reason(Kind.TEXT, value) is None


@given(st.text(st.characters(categories=["Cs"]), min_size=1))
def test_half_of_a_pair_never_goes(value: str):
    assert reason(Kind.TEXT, value) is not None
