from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.contract import make, strategies
from cortex_core.domain.errors import InvalidCursorError, InvalidInputError
from cortex_core.domain.paging import (
    MAX_LIMIT,
    PageRequest,
    cut,
    decode_cursor,
    encode_cursor,
)


class Position(msgspec.Struct, frozen=True, array_like=True):
    moment: datetime
    text: str


SCOPE = "messages:one:asc"
CURSOR = encode_cursor(SCOPE, Position(make.NOON, "019b7a2d-4c00-7000-8000-000000000000"))
letters = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(moment=strategies.moments(), text=strategies.text(), scope=strategies.text())
def test_a_position_comes_back(moment: datetime, text: str, scope: str) -> None:
    position = Position(moment, text)
    assert decode_cursor(scope, encode_cursor(scope, position), Position) == position


@given(seq=st.integers(-(2**63), 2**63 - 1))
def test_a_place_comes_back(seq: int) -> None:
    assert decode_cursor(SCOPE, encode_cursor(SCOPE, seq), int) == seq


@given(text=strategies.text())
def test_a_cursor_fits_into_an_address(text: str) -> None:
    cursor = encode_cursor(SCOPE, text)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("scope", ["", "messages:one:desc", "messages:two:asc", SCOPE + " "])
def test_a_cursor_of_another_list_is_refused(scope: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(scope, CURSOR, Position)


@pytest.mark.parametrize("type_", [int, str, list[int], dict[str, int]])
def test_a_position_of_another_kind_is_refused(type_: type[object]) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(SCOPE, CURSOR, type_)


@given(index=st.integers(0, len(CURSOR) - 1), letter=letters)
def test_a_letter_that_was_changed_is_noticed(index: int, letter: str) -> None:
    altered = CURSOR[:index] + letter + CURSOR[index + 1 :]
    if altered == CURSOR:
        return
    with pytest.raises(InvalidCursorError):
        decode_cursor(SCOPE, altered, Position)


@given(length=st.integers(0, len(CURSOR) - 1), more=st.text(letters, min_size=1, max_size=4))
def test_what_is_cut_off_or_added_is_noticed(length: int, more: str) -> None:
    for altered in (CURSOR[:length], CURSOR + more, more + CURSOR):
        with pytest.raises(InvalidCursorError):
            decode_cursor(SCOPE, altered, Position)


@given(text=st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(SCOPE, text, Position)


@pytest.mark.parametrize(
    "text", ["", "=", "A", CURSOR + "=", CURSOR + "==", CURSOR + "\n", " " + CURSOR]
)
def test_a_cursor_is_spelled_in_one_way(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(SCOPE, text, Position)


@pytest.mark.parametrize("limit", [1, 50, MAX_LIMIT])
def test_a_page_has_one_item_to_two_hundred(limit: int) -> None:
    assert PageRequest(limit=limit).limit == limit


@pytest.mark.parametrize("limit", [-1, 0, MAX_LIMIT + 1, 10**30])
def test_other_limits_are_refused(limit: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        PageRequest(limit=limit)
    assert [fault.pointer for fault in caught.value.faults] == ["/limit"]


@given(count=st.integers(0, 30), limit=st.integers(1, 12))
def test_pages_make_up_the_list(count: int, limit: int) -> None:
    """Each is asked for with one item more, and the last has no cursor."""
    items, found, after = list(range(1, count + 1)), list[int](), 0
    while True:
        ahead = [item for item in items if item > after][: limit + 1]
        page = cut(SCOPE, ahead, limit, lambda item: item)
        assert len(page.items) <= limit
        found += page.items
        if page.next_cursor is None:
            break
        assert len(page.items) == limit
        after = decode_cursor(SCOPE, page.next_cursor, int)
    assert found == items
