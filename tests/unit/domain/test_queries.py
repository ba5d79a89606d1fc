"""What a query asks for, and how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.search.query import QUERY_LENGTH, TERMS, Alternative, Query, parse
from cortex_core.domain.search.words import spaced, words

PIECES = st.lists(
    st.sampled_from(
        ["cat", "-dog", "OR", '"', '"a b"', '-"c', "-", "--", "ca\u0301t", "\u6771\u4eac", "or"]
    ),
    max_size=12,
)


def _written(query: Query) -> str:
    return " OR ".join(
        " ".join(
            [
                " ".join(phrase) if len(phrase) == 1 else f'"{" ".join(phrase)}"'
                for phrase in each.wanted
            ]
            + [f'-"{" ".join(phrase)}"' for phrase in each.unwanted]
        )
        for each in query.alternatives
    )


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("cat", "cat"),
        ("  Cat\tDOG ", "cat dog"),
        ("cat cat", "cat"),
        ('"the cat" dog', '"the cat" dog'),
        ('"the cat', '"the cat"'),
        ('"" cat', "cat"),
        ('cat""dog', "cat dog"),
        ('a"b c"d', 'a "b c" d'),
        ("\u201cthe cat\u201d \u201eab\u201c", '"the cat" ab'),
        ("don't", '"don t"'),
        ("-dog cat", 'cat -"dog"'),
        ('cat -"a b" -c', 'cat -"a b" -"c"'),
        ("cat --dog", 'cat -"dog"'),
        ("cat - dog", "cat dog"),
        ("cat-dog", '"cat dog"'),
        ("cat OR dog", "cat OR dog"),
        ("a b OR c d", "a b OR c d"),
        ("OR cat OR OR dog OR", "cat OR dog"),
        ('cat "OR" dog', "cat or dog"),
        ("cat or dog", "cat or dog"),
        ("cat -OR dog", 'cat dog -"or"'),
        ("AND NOT NEAR", "and not near"),
        ("cat* ^a +b c:d", 'cat a b "c d"'),
    ],
)
def test_a_query_means_what_it_says(text: str, meaning: str) -> None:
    assert _written(parse(text)) == meaning


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("x" * (QUERY_LENGTH + 1), "length"),
        (" \n\u3000", "blank"),
        ("a\x00b", "characters"),
        ("a\ud800b", "characters"),
        ("?!", "words"),
        ('""', "words"),
        ("OR", "words"),
        ("-cat", "words"),
        ("-cat -dog", "words"),
        ("cat OR -dog", "words"),
        (" ".join(f"w{n}" for n in range(TERMS + 1)), "words"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(text)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/q", code)]


def test_the_longest_query_passes() -> None:
    assert parse("x" * QUERY_LENGTH).phrases == (("x" * 100,),)
    assert len(parse(" ".join(f"w{n}" for n in range(TERMS))).phrases) == TERMS


@given(PIECES)
def test_a_query_that_is_written_out_is_the_same_query(pieces: list[str]) -> None:
    try:
        query = parse(" ".join(pieces))
    except InvalidInputError:
        return
    assert parse(_written(query)) == query


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_text_is_a_query_or_is_refused(text: str) -> None:
    try:
        query = parse(text)
    except InvalidInputError:
        return
    assert query.phrases
    assert all(phrase for each in query.alternatives for phrase in (*each.wanted, *each.unwanted))


@given(
    st.text("ab \u6771\u4eac\u00e1-'", min_size=1, max_size=12),
    st.text("ab \u6771\u4eac", max_size=8),
)
def test_every_part_of_a_text_finds_it(text: str, around: str) -> None:
    phrase = tuple(words(text))
    query = Query((Alternative(wanted=(phrase,)),))
    if phrase:
        assert query.finds(spaced(words(f"{around} {text} {around}")))


def test_the_rank_grows_with_what_is_there_and_not_without_bound() -> None:
    query = parse("cat OR dog")
    texts = [
        "bird",
        "cat " + "filler " * 900,
        "a cat",
        "cat cat",
        "cat dog",
        "cat dog dog",
        "cat dog " * 9,
    ]
    ranks = [query.rank(spaced(words(text))) for text in texts]
    assert ranks == sorted(set(ranks))
    assert ranks[0] == 0
    assert query.rank(spaced(["cat"] * 10_000)) < 1_000
    assert parse("cat -dog").rank(" cat  dog ") == parse("cat").rank(" cat  dog ")
