"""What of a text is shown."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.domain.search.query import Query, parse
from cortex_core.domain.search.snippets import SNIPPET_LENGTH, snippet
from cortex_core.domain.search.words import spaced, words
from cortex_core.domain.text import CONTENT_LENGTH


def _shown(query: str, content: str) -> str:
    """Return a snippet with what matches in brackets."""
    return "".join(
        f"[{piece.text}]" if piece.match else piece.text for piece in snippet(parse(query), content)
    )


@pytest.mark.parametrize(
    ("query", "content", "expected"),
    [
        ("cat", "The CAT sat.", "The [CAT] sat."),
        ("cat", "cat", "[cat]"),
        ("cat", "concatenate the cat", "concatenate the [cat]"),
        ("cat -dog", "a cat,\n\n  a  bird", "a [cat], a bird"),
        ('"the cat"', "cat the cat the the", "cat [the cat] the the"),
        ("a b", "a b, a c", "[a] [b], [a] c"),
        ("don't", "I don\u2019t.", "I [don\u2019t]."),
        ("cafe", "un cafe\u0301 \u00e0 C\u00c1FE", "un [cafe\u0301] \u00e0 [C\u00c1FE]"),
        ("strasse", "die Stra\u00dfe", "die [Stra\u00dfe]"),
        ("fine", "\ufb01ne", "[\ufb01ne]"),
        ("\u4eac\u90fd", "\u6771\u4eac\u90fd\u306b", "\u6771[\u4eac\u90fd]\u306b"),
        ("\U0001f44d", "ok\U0001f44d\U0001f3fd!", "ok[\U0001f44d\U0001f3fd]!"),
        ("\u2764", "a\u2764\ufe0fb", "a[\u2764\ufe0f]b"),
        ("<b>", "a <b>bold</b>", "a <[b]>bold</[b]>"),
        ("cat OR dog", "a dog", "a [dog]"),
    ],
)
def test_a_snippet_shows_what_matches_as_it_was_written(
    query: str, content: str, expected: str
) -> None:
    assert _shown(query, content) == expected


def test_a_snippet_is_cut_between_words() -> None:
    content = "alpha beta gamma " * 100 + "the cat sat " + "delta epsilon " * 100
    shown = _shown("cat", content)
    assert re.fullmatch(r"…[a-z ]+ the \[cat\] sat [a-z ]+…", shown)
    assert set(words(shown)) <= set(words(content))
    assert SNIPPET_LENGTH - 20 <= len(shown) <= SNIPPET_LENGTH + 20


def test_a_snippet_of_what_is_not_there_is_the_beginning() -> None:
    """An index may know words that a snippet cannot show."""
    assert _shown("cat", "nothing here") == "nothing here"
    assert len(_shown("cat", "nothing " * 1_000)) <= SNIPPET_LENGTH + 1


@pytest.mark.parametrize("place", [0, 740, 760, 990, 1_010, 5_000, CONTENT_LENGTH - 20])
@pytest.mark.parametrize("filler", ["x", "\u6771", "\u00e9 ", "ab "])
def test_what_matches_is_shown_wherever_it_stands(place: int, filler: str) -> None:
    content = (filler * place)[:place] + " the cat sat " + (filler * 3_000)[:3_000]
    assert "[the cat]" in _shown('"the cat"', content[:CONTENT_LENGTH])


def test_a_match_of_many_words_is_shown_whole() -> None:
    phrase = " ".join(["word"] * 30 + ["end"])
    content = "cat " * 200 + phrase + " cat" * 200
    assert f"[{phrase}]" in _shown(f'"{phrase}"', content)


@given(
    st.text("ab\u00e9\u6771\u0301\U0001f44d\U0001f3fd \n.'-", min_size=1, max_size=400),
    st.sampled_from(["a", "ab", "\u6771", "e", '"a b"', "\U0001f44d", "a OR b"]),
)
def test_a_snippet_is_part_of_its_text(content: str, asked: str) -> None:
    query: Query = parse(asked)
    pieces = snippet(query, content)
    plain = "".join(piece.text for piece in pieces).strip("…")
    assert plain in re.sub(r"\s+", " ", content)
    for before, after in pairwise(pieces):
        assert before.text
        assert after.text
    for piece in pieces:
        if piece.match:
            assert query.finds(spaced(words(piece.text)))
