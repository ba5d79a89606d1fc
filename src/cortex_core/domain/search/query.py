"""What somebody looks for: words, "phrases", -exclusions, and OR between alternatives.

All words of an alternative must be there, in any order, and nothing that it excludes. Whatever
is no such operator is text: AND, NOT, NEAR, * : & | ! ( ) have no meaning of their own.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.domain.search.words import spaced, words
from cortex_core.domain.text import text_faults

__all__ = ["QUERY_LENGTH", "TERMS", "Alternative", "Phrase", "Query", "parse"]

QUERY_LENGTH: Final = 500
TERMS: Final = 32
"""How many words and phrases a query may have."""

Phrase = tuple[str, ...]
"""Words that follow each other; a single word is a phrase, too."""

_QUOTES: Final = str.maketrans("“”„", '"""')
_TERM: Final = re.compile(r'(-?)(?:"([^"]*)(?:"|\Z)|([^\s"]+))')
_OR: Final = "OR"

_SCALE: Final = 1000
_LENGTH: Final = 400


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """Phrases that must all be there, and phrases of which none may be."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...] = ()


class Query(msgspec.Struct, frozen=True):
    """A text is found if one of the alternatives is right for it."""

    alternatives: tuple[Alternative, ...]

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Return all that is wanted in any alternative, each once."""
        return tuple(dict.fromkeys(phrase for each in self.alternatives for phrase in each.wanted))

    def finds(self, text: str) -> bool:
        """Say whether a text is found, of which *text* are the spaced words."""
        return any(
            all(spaced(phrase) in text for phrase in each.wanted)
            and not any(spaced(phrase) in text for phrase in each.unwanted)
            for each in self.alternatives
        )

    def rank(self, text: str) -> int:
        """Return how well it fits a text, of which *text* are the spaced words.

        The more often each phrase is there, the better, but never without bound; and the better
        the shorter the text is. Whole numbers, so that every store can say the same ones.
        """
        counts = (text.count(spaced(phrase)) for phrase in self.phrases)
        return sum(
            _SCALE * count // (count + 1 + len(text) // _LENGTH) for count in counts if count
        )


def parse(text: str) -> Query:
    """Return what *text* asks for.

    Raises:
        InvalidInputError: It is too long, or names nothing to look for.
    """
    faults = list(text_faults("/q", text, least=1, most=QUERY_LENGTH))
    if faults:
        raise InvalidInputError(*faults)
    groups: list[tuple[list[Phrase], list[Phrase]]] = [([], [])]
    for minus, quoted, bare in _TERM.findall(text.translate(_QUOTES)):
        if bare == _OR and not minus:
            groups.append(([], []))
        elif phrase := tuple(words(quoted or bare)):
            groups[-1][bool(minus)].append(phrase)
    alternatives = tuple(
        Alternative(wanted=_once(wanted), unwanted=_once(unwanted))
        for wanted, unwanted in groups
        if wanted or unwanted
    )
    _require_terms(alternatives)
    return Query(alternatives)


def _once(phrases: list[Phrase]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(phrases))


def _require_terms(alternatives: tuple[Alternative, ...]) -> None:
    if not alternatives:
        raise InvalidInputError(Fault("/q", "words", "must have a word to look for"))
    if not all(each.wanted for each in alternatives):
        raise InvalidInputError(
            Fault("/q", "words", "must have a word to look for beside what it excludes")
        )
    if sum(len(each.wanted) + len(each.unwanted) for each in alternatives) > TERMS:
        raise InvalidInputError(Fault("/q", "words", f"must have at most {TERMS} words"))
