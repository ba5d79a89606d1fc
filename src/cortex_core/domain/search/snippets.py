"""The part of a text that shows why it was found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from cortex_core.domain.search.query import Phrase, Query
from cortex_core.domain.search.words import LONGEST, folded, spaced, words

__all__ = ["SNIPPET_LENGTH", "SnippetPiece", "snippet"]

SNIPPET_LENGTH: Final = 160
_BEFORE: Final = 50
_WINDOW: Final = 1_000
_OVERLAP: Final = 250
_SPACE: Final = re.compile(r"\s+")
_SKINS: Final = range(0x1F3FB, 0x1F400)

Span = tuple[int, int]


class SnippetPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a snippet; *match* where it is what was looked for."""

    text: str
    match: bool = False


def snippet(query: Query, content: str) -> Sequence[SnippetPiece]:
    """Return some 160 characters of *content* around what *query* finds first, in pieces.

    White space is shortened, and an ellipsis stands where the text goes on.
    """
    spans = _first(query, content)
    first = spans[0][0] if spans else 0
    begin = _word_start(content, max(first - _BEFORE, 0)) if first > _BEFORE else 0
    end = _word_end(content, begin + SNIPPET_LENGTH)
    if spans:
        end = max(end, min(spans[0][1], begin + 2 * SNIPPET_LENGTH))
    pieces = [("…", False)] if begin else []
    place = begin
    for start, stop in spans:
        if stop > end:
            break
        pieces += [(content[place:start], False), (content[start:stop], True)]
        place = stop
    pieces.append((content[place:end], False))
    if end < len(content):
        pieces.append(("…", False))
    return list(_joined(pieces))


def _first(query: Query, content: str) -> Sequence[Span]:
    """Return the matches in the first part of *content* that has any.

    To read a part letter by letter is slow, so the part is found first.
    """
    phrases = query.phrases
    needles = [spaced(phrase) for phrase in phrases]
    for start in range(0, len(content), _WINDOW - _OVERLAP):
        begin = _word_start(content, start)
        text = spaced(words(content[begin : start + _WINDOW]))
        if any(needle in text for needle in needles):
            end = start + _WINDOW + 2 * SNIPPET_LENGTH
            if spans := _spans(phrases, content[begin:end]):
                return [(begin + first, begin + last) for first, last in spans]
    return []


def _spans(phrases: Sequence[Phrase], text: str) -> Sequence[Span]:
    """Return where phrases stand in *text*, in order, none within another."""
    tokens = list(_tokens(text))
    found: list[Span] = []
    place = 0
    while place < len(tokens):
        longest = max(
            (len(phrase) for phrase in phrases if _stands(phrase, tokens, place)), default=0
        )
        if longest:
            found.append((tokens[place][1], tokens[place + longest - 1][2]))
        place += longest or 1
    return found


def _stands(phrase: Phrase, tokens: Sequence[tuple[str, int, int]], place: int) -> bool:
    here = tokens[place : place + len(phrase)]
    return len(here) == len(phrase) and all(
        word == token for word, (token, _, _) in zip(phrase, here, strict=True)
    )


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of *text*, each with where it begins and ends there."""
    word, begin, end = "", 0, 0
    for start, stop in _clusters(text):
        for letter in _folded(text[start:stop]):
            if letter != " ":
                begin = begin if word else start
                word, end = word + letter, stop
            elif word:
                yield word[:LONGEST], begin, end
                word = ""
    if word:
        yield word[:LONGEST], begin, end


def _clusters(text: str) -> Iterator[Span]:
    """Yield where each character begins, and ends with the marks that belong to it."""
    start = 0
    for place in range(1, len(text)):
        if not _joins(text[place]):
            yield start, place
            start = place
    if text:
        yield start, len(text)


def _joins(character: str) -> bool:
    if character.isascii():
        return False
    return unicodedata.category(character)[0] == "M" or ord(character) in _SKINS


@lru_cache(maxsize=4_096)
def _folded(cluster: str) -> str:
    return folded(cluster)


def _word_start(content: str, place: int) -> int:
    """Return where the word at *place* begins, unless it is a very long one."""
    for start in range(place, max(place - LONGEST, 0), -1):
        if not content[start - 1].isalnum():
            return start
    return 0 if place <= LONGEST else place


def _word_end(content: str, place: int) -> int:
    """Return where the last word before *place* ends, unless it is a very long one."""
    if place >= len(content):
        return len(content)
    for end in range(place, max(place - LONGEST // 2, 0), -1):
        if not content[end - 1 : end + 1].isalnum():
            return end
    return place


def _joined(pieces: Sequence[tuple[str, bool]]) -> Iterator[SnippetPiece]:
    """Yield pieces without those that are empty, neighbours of one kind together."""
    text, kind = "", False
    for part, match in pieces:
        if not part:
            continue
        if match is not kind and text:
            yield SnippetPiece(text=_SPACE.sub(" ", text), match=kind)
            text = ""
        text, kind = text + part, match
    if text:
        yield SnippetPiece(text=_SPACE.sub(" ", text), match=kind)
