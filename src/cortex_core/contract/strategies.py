"""Hypothesis strategies: everything that is allowed, the odd ends first."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.metadata import MAX_DEPTH, normal_metadata
from cortex_core.domain.text import CONTENT_LENGTH, IDENTITY_LENGTH, NAME_LENGTH, name_key

_ODD: Final = [
    "\N{PILE OF POO}",
    "e\N{COMBINING ACUTE ACCENT}",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "\N{LATIN SMALL LETTER SHARP S}",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}",
    "\N{LATIN SMALL LETTER DOTLESS I}",
    "\N{LATIN SMALL LIGATURE FI}",
    "\N{GREEK SMALL LETTER FINAL SIGMA}",
    "\N{HEBREW LETTER ALEF}\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{ZERO WIDTH JOINER}",
    "\N{ZERO WIDTH NO-BREAK SPACE}",
    "\N{LINE SEPARATOR}",
    "\x01\x1b\x7f\x85",
    "\uffff",
    "\U0010ffff",
    "'\"\\`;--/*",
    "%s %(a)s $1 ?1 :a @a {} {0}",
    "\r\n",
    "null",
]
_CHARACTERS: Final = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_EDGE: Final = 1 << 63
_CASES: Final[list[Callable[[str], str]]] = [
    str,
    str.upper,
    str.lower,
    str.title,
    str.swapcase,
    str.casefold,
]
_FORMS: Final[list[Callable[[str], str]]] = [
    str,
    partial(unicodedata.normalize, "NFC"),
    partial(unicodedata.normalize, "NFD"),
]


def text(*, least: int = 0, most: int = 200) -> SearchStrategy[str]:
    """Generate storable text of *least* to *most* code points."""
    odd = st.lists(st.sampled_from(_ODD), min_size=1, max_size=4).map("".join)
    plain = st.text(_CHARACTERS, min_size=least, max_size=min(most, 50))
    long = st.sampled_from(_ODD).map(lambda piece: (piece * most)[:most])
    return st.one_of(plain, odd, long).filter(lambda found: least <= len(found) <= most)


def visible_text(*, most: int) -> SearchStrategy[str]:
    """Generate storable text that is not blank."""
    return text(least=1, most=most).filter(lambda found: bool(found.strip()))


def unstorable_text() -> SearchStrategy[str]:
    """Generate text with U+0000 or a lone surrogate in it."""
    bad = st.one_of(st.just("\x00"), st.characters(categories=["Cs"]))
    return st.tuples(text(most=20), bad, text(most=20)).map("".join)


def names() -> SearchStrategy[str]:
    return visible_text(most=NAME_LENGTH)


def contents() -> SearchStrategy[str]:
    return visible_text(most=CONTENT_LENGTH)


def identities() -> SearchStrategy[str]:
    return visible_text(most=IDENTITY_LENGTH)


@st.composite
def spelled_twice(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a name in two spellings: case, form or outer space differ at most."""
    name = draw(names())
    cased = draw(st.sampled_from(_CASES))(name)
    formed = draw(st.sampled_from(_FORMS))(cased)
    before, after = draw(st.sampled_from([("", ""), (" ", ""), ("", "\t"), ("\u3000", "\r\n")]))
    spelled = before + formed + after
    fits = len(spelled) <= NAME_LENGTH and name_key(spelled) == name_key(name)
    return name, spelled if fits else name


def moments() -> SearchStrategy[datetime]:
    """Generate times in UTC, to the microsecond."""
    return st.datetimes(
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(9999, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
        timezones=st.just(UTC),
    )


def numbers() -> SearchStrategy[int | float]:
    """Generate numbers that metadata may hold."""
    edges: list[int | float] = [
        -0.0,
        1.0,
        1e22,
        5e-324,
        1.7976931348623157e308,
        2.0**63,
        -(2.0**63),
    ]
    return st.one_of(
        st.sampled_from(edges),
        st.integers(-_EDGE, _EDGE - 1),
        st.floats(allow_nan=False, allow_infinity=False),
    )


def raw_metadata() -> SearchStrategy[dict[str, object]]:
    """Generate metadata as a client may send it, not in normal form yet."""
    return st.dictionaries(text(most=12), _json(), max_size=5).filter(_is_metadata)


def _json() -> SearchStrategy[object]:
    leaves = st.one_of(st.none(), st.booleans(), numbers(), text(most=40))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(text(most=12), inner, max_size=3)
        ),
        max_leaves=MAX_DEPTH,
    )


def metadata() -> SearchStrategy[dict[str, object]]:
    """Generate metadata in normal form."""
    return raw_metadata().map(normal_metadata)


def _is_metadata(value: dict[str, object]) -> bool:
    try:
        normal_metadata(value)
    except InvalidInputError:
        return False
    return True
