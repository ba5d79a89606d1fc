"""What counts as a word."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.domain.search.words import (
    _BARE,
    _MARKED,
    _PARTED,
    LONGEST,
    findable,
    spaced,
    words,
)
from cortex_core.domain.text import CONTENT_LENGTH

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n\t ?! ...", ""),
        ("Hello, World!", "hello world"),
        ("don't foo_bar-baz@example.org", "don t foo bar baz example org"),
        ("3.14 1e5 0xFF", "3 14 1e5 0xff"),
        ("Stra\u00dfe STRASSE", "strasse strasse"),
        ("\u00c9cole e\u0301cole", "ecole ecole"),
        ("\ufb01ne \uff12\uff10", "fine 20"),
        ("co\u00adop zero\u200bwidth \ufeffmark", "coop zero width mark"),
        ("\u6771\u4eac\u90fd", "\u6771 \u4eac \u90fd"),
        ("GPU\u3067\u52d5\u304f", "gpu \u3067 \u52d5 \u304f"),
        ("\uff76\uff9e", "\u30ac"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("\u0645\u0640\u0640\u064f\u062d", "\u0645\u062d"),
        ("\U0001f44d\U0001f3fd!", "\U0001f44d"),
        ("a\u2764\ufe0fb", "a \u2764 b"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468 \U0001f469 \U0001f467"),
        ("\U0001faff9", "\U0001faff 9"),
        ("1\ufe0f\u20e3", "1"),
    ],
)
def test_words_are_what_people_look_for(text: str, expected: str) -> None:
    assert list(words(text)) == expected.split()


@given(TEXTS)
def test_a_word_has_nothing_that_means_something_to_a_database(text: str) -> None:
    """So it needs no escape in quotes, and no tokenizer takes it apart."""
    for word in words(text):
        assert 1 <= len(word) <= LONGEST
        assert not any(letter.isspace() for letter in word)
        assert all(letter.isalnum() for letter in word if letter.isascii())
        assert word.lower() == word or not word.isascii()


@given(TEXTS)
def test_words_are_their_own_words(text: str) -> None:
    found = words(text)
    assert words(spaced(found)) == found


@given(TEXTS)
def test_form_makes_no_difference(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert words(unicodedata.normalize(form, text)) == words(text)


@given(TEXTS, TEXTS)
def test_texts_side_by_side_keep_their_words(left: str, right: str) -> None:
    assert [*words(left), *words(right)] == words(f"{left} \n {right}")


def test_what_is_too_long_for_a_word_is_cut() -> None:
    assert words("x" * CONTENT_LENGTH) == ["x" * LONGEST]


def test_each_word_stands_between_two_spaces_of_its_own() -> None:
    assert spaced(["a", "b"]) == " a  b "
    assert spaced(["a"] * 5).count(spaced(["a"])) == 5
    assert spaced([]) == ""


def test_what_is_kept_of_a_message_has_an_end() -> None:
    assert findable("Hello, World") == " hello  world "
    assert findable("a " * CONTENT_LENGTH) == " a " * (CONTENT_LENGTH // 2)


@pytest.mark.parametrize(
    "text",
    [
        "\u0345" * 8_000 + "\u0301" * 8_000 + "\u0323" * 8_000 + "\u0334" * 8_000,
        "a" + "\u0e48" * 16_000 + "\u0e38" * 15_999,
        "\u0f73" * CONTENT_LENGTH,
        "\uff9e\u0334" * (CONTENT_LENGTH // 2),
        "\ufdfa" * CONTENT_LENGTH,
        "\U0001d15f" * CONTENT_LENGTH,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """Marks in the wrong order took seconds, in the middle of everybody's requests."""
    began = time.perf_counter()
    findable(text)
    assert time.perf_counter() - began < 0.6


@given(st.lists(st.sampled_from(["\u0301", "\u0323", "\u0334", "a", " "]), max_size=120))
def test_accents_make_no_difference_however_many(marks: list[str]) -> None:
    assert words("".join(["a", "\u0323" * 40, *marks])) == words("".join(["a", *marks]))


def test_what_is_remembered_of_characters_has_an_end() -> None:
    before = {text: words(text) for text in ("\u00e9t\u00e9", "\u6771\u4eac")}
    for first in range(0x4E00, 0x30000, 10_000):
        words("".join(map(chr, range(first, first + 10_000))).encode(errors="ignore").decode())
    assert max(map(len, (_MARKED, _BARE, _PARTED))) <= 20_000
    assert {text: words(text) for text in before} == before
