"""The words of a text, the same for every store.

Case, accents and compatible forms (full width, ligatures) make no difference. Scripts that put
no spaces between words go in character by character, so that any part of a text can be found;
so do emoji, without the colour of a skin. Everything else only keeps words apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from cortex_core.domain.text import CONTENT_LENGTH

__all__ = ["LONGEST", "findable", "folded", "spaced", "words"]

LONGEST: Final = 100
"""Characters of a word that count; the rest of a longer one makes no difference."""

_MARKS: Final = 30
"""Marks that one character may have; Unicode's own bound (UAX 15, Stream-Safe Text Format)."""
_TOO_MANY: Final = re.compile(rf"(?<=1{{{_MARKS}}})1+")
_FOLDED: Final = 2 * CONTENT_LENGTH  # one character can become eighteen
_REMEMBERED: Final = 20_000
_ZERO_WIDTH_SPACE: Final = 0x200B
_TATWEEL: Final = 0x0640  # stretches Arabic words, and says nothing
_SKINS: Final = range(0x1F3FB, 0x1F400)
_SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_ACCENTS: Final = (range(1, 2), range(10, 37), range(200, 255))  # by their class
_PICTURES: Final = range(0x1F000, 0x1FB00)  # emoji, those that this Python does not know, too
_UNSPACED: Final = (
    range(0x0E00, 0x0F00),  # Thai, Lao
    range(0x1000, 0x10A0),  # Myanmar
    range(0x1100, 0x1200),  # Hangul, its parts
    range(0x1780, 0x1800),  # Khmer
    range(0x2E80, 0x2FE0),  # radicals
    range(0x3005, 0x3008),
    range(0x3040, 0x3400),  # kana, bopomofo
    range(0x3400, 0xA000),  # Han
    range(0xA960, 0xA980),
    range(0xAC00, 0xD800),  # Hangul
    range(0xF900, 0xFB00),
    range(0x1AFF0, 0x1B170),
    range(0x20000, 0x40000),  # Han
)


def words(text: str) -> Sequence[str]:
    """Return the words of *text*, in order."""
    return [word[:LONGEST] for word in folded(text).split()]


def findable(content: str) -> str:
    """Return what a store keeps of a message: its spaced words, and no end of them."""
    return spaced(words(content[:CONTENT_LENGTH]))


def spaced(found: Iterable[str]) -> str:
    """Return words as one text, in which each has a space of its own on either side.

    So a phrase is in a text if, and as often as, its own spaced words are.
    """
    return "".join(f" {word} " for word in found)


def folded(text: str) -> str:
    """Return *text* with spaces between its words, without what makes no difference."""
    if text.isascii():
        return text.lower().translate(_PARTED)
    plain = unicodedata.normalize("NFKC", _bounded(text))[:_FOLDED].casefold()
    bare = unicodedata.normalize("NFKD", plain).translate(_BARE)
    return unicodedata.normalize("NFC", bare).translate(_PARTED)


def _bounded(text: str) -> str:
    """Return *text* without marks that no script piles up.

    To put them in order takes time that grows with the square of their number.
    """
    place, kept = 0, []
    for pile in _TOO_MANY.finditer(text.translate(_MARKED)):
        kept.append(text[place : pile.start()])
        place = pile.end()
    return "".join([*kept, text[place:]])


class _Table(dict[int, "int | str"]):
    """What becomes of each character; filled as it is used, but not without end."""

    def __init__(self, make: Callable[[int], int | str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, code: int) -> int | str:
        made = self._make(code)
        if len(self) < _REMEMBERED:
            self[code] = made
        return made


def _marked(code: int) -> str:
    """Say by 1 whether a character goes with the one before it."""
    return "1" if unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0]) else "0"


def _bare(code: int) -> int | str:
    """Return what is left of a character of decomposed text: itself, or nothing."""
    if code == _ZERO_WIDTH_SPACE:
        return " "
    character = chr(code)
    category = unicodedata.category(character)
    gone = (
        category in ("Cf", "Me")
        or code == _TATWEEL
        or code in _SKINS
        or any(code in selectors for selectors in _SELECTORS)
        or (category == "Mn" and _is_accent(unicodedata.combining(character)))
    )
    return "" if gone else code


def _is_accent(combining: int) -> bool:
    """Say whether marks of a class of Unicode are accents, or points of Hebrew and Arabic.

    The vowel signs of Indic scripts are marks, too, and make another word.
    """
    return any(combining in accents for accents in _ACCENTS)


def _parted(code: int) -> int | str:
    """Return a character that is a part of a word, one that is a word, or a space."""
    character = chr(code)
    category = unicodedata.category(character)
    if code in _PICTURES or category == "So":
        return f" {character} "
    if category[0] not in "LMN":
        return " "
    return f" {character} " if any(code in script for script in _UNSPACED) else code


_MARKED: Final = _Table(_marked)
_BARE: Final = _Table(_bare)
_PARTED: Final = _Table(_parted)
