import re
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.contract import strategies
from cortex_core.domain.text import Name, UserName, name_key, text_faults, unstorable


def codes(value: str, *, least: int = 1, most: int = 10) -> list[str]:
    return [fault.code for fault in text_faults("/name", value, least=least, most=most)]


@given(text=strategies.text())
def test_storable_text_is_what_utf_8_can_say_without_null(text: str) -> None:
    assert unstorable(text) is None
    assert text.encode().decode() == text


@given(text=strategies.unstorable_text())
def test_the_rest_is_refused_with_a_reason(text: str) -> None:
    reason = unstorable(text)
    assert reason is not None
    assert "characters" in codes(text, most=1_000)


@pytest.mark.parametrize("character", ["x", "\xe9", "\N{PILE OF POO}", "\uffff"])
def test_lengths_count_code_points(character: str) -> None:
    assert codes(character) == []
    assert codes(character * 10) == []
    assert codes(character * 11) == ["length"]


def test_nothing_is_too_short_where_something_is_asked_for() -> None:
    assert codes("") == ["length"]
    assert codes("", least=0) == []
    assert codes("   ", least=0) == []


@pytest.mark.parametrize(
    "blank", [" ", "\t\r\n", "\xa0", "\u2003", "\u3000", "\u2028", "\x1c", "\x85"]
)
def test_space_alone_is_blank(blank: str) -> None:
    assert codes(blank) == ["blank"]
    assert codes(blank + "x" + blank) == []


def test_several_faults_are_told_at_once() -> None:
    faults = list(text_faults("/name", "\x00" * 11, least=1, most=10))
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/name", "length"),
        ("/name", "characters"),
    ]


@pytest.mark.parametrize("kind", [Name, UserName], ids=["name", "user name"])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_the_pattern_that_is_published_tells_the_same(kind: object, text: str) -> None:
    [schema] = msgspec.json.schema_components([kind])[0]
    pattern, least = schema["pattern"], schema.get("minLength", 0)
    accepted = len(text) >= least and re.search(pattern, text) is not None
    assert accepted == (not codes(text, least=least, most=100))


@given(names=strategies.spelled_twice())
def test_spellings_of_a_name_share_its_key(names: tuple[str, str]) -> None:
    assert name_key(names[0]) == name_key(names[1])


@given(name=strategies.names())
def test_forms_of_a_name_share_its_key(name: str) -> None:
    key = name_key(name)
    assert name_key(unicodedata.normalize("NFC", name)) == key
    assert name_key(unicodedata.normalize("NFD", name)) == key
    assert name_key(f" \t{name}\u3000\n") == key


@given(name=st.text(st.characters(max_codepoint=0x7F, exclude_characters="\x00"), min_size=1))
def test_cases_of_a_name_share_its_key(name: str) -> None:
    assert name_key(name.upper()) == name_key(name.lower()) == name_key(name.swapcase())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stra\xdfe", "STRASSE"),
        ("\N{GREEK CAPITAL LETTER SIGMA}", "\N{GREEK SMALL LETTER FINAL SIGMA}"),
        ("CAF\xc9", "cafe\u0301"),
        ("\ufb01n", "FIN"),
        ("\N{DESERET CAPITAL LETTER LONG I}", "\N{DESERET SMALL LETTER LONG I}"),
        ("\N{KELVIN SIGN}", "k"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", "a"),
    ],
)
def test_what_reads_the_same_has_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "ab"), ("e", "\xe9"), ("i", "\u0131"), ("1", "l")]
)
def test_what_reads_otherwise_has_another_key(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(name=strategies.names())
def test_a_key_is_storable_and_never_empty(name: str) -> None:
    key = name_key(name)
    assert key
    assert unstorable(key) is None
