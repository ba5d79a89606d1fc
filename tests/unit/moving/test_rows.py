"""Rows in one form: keys that are written down, hashes that do not depend on the order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.moving.rows import Digest, Row, key_from, key_text, keys_of, row_hash
from cortex_adapters.moving.tables import Column, Kind, Table

UTF8 = st.text(st.characters(codec="utf-8"))
INTS = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES = st.one_of(st.none(), UTF8, INTS, st.binary())
ROWS = st.lists(st.tuples(UTF8, VALUES, VALUES), max_size=20)


@given(st.lists(st.one_of(UTF8, INTS), min_size=1).map(tuple))
def test_a_key_comes_back_as_it_was_written_down(key: tuple[str | int, ...]):
    assert key_from(key_text(key)) == key


@given(UTF8, UTF8)
def test_keys_are_in_the_order_of_their_bytes(one: str, other: str):
    assert (one < other) == (one.encode() < other.encode())


@given(ROWS, st.randoms())
def test_a_digest_is_the_same_in_any_order(rows: list[Row], chance: random.Random):
    mixed = rows.copy()
    chance.shuffle(mixed)
    assert Digest.of(rows) == Digest.of(mixed)


@given(ROWS, ROWS)
def test_digests_of_parts_add_up(one: list[Row], other: list[Row]):
    assert Digest.of(one) + Digest.of(other) == Digest.of([*one, *other])


@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES))
def test_rows_that_are_not_the_same_have_other_hashes(one: Row, other: Row):
    assert (one == other) == (row_hash(one) == row_hash(other))


def test_a_key_of_several_columns_is_in_its_own_order():
    columns = tuple(Column(name, Kind.TEXT) for name in "abc")
    assert keys_of(Table("t", columns, ("c", "a")))(("1", "2", "3")) == ("3", "1")
