"""What is secret, taken out of what is said: by the name of a value, and by how text looks.

It is the second line: nobody here logs a secret on purpose. What others say, in exceptions and
through the standard library's logging, may hold one all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["HIDDEN", "are_clean", "is_clean", "is_secret", "redacted", "redacted_argument"]

HIDDEN: Final = "[redacted]"

_NAMES: Final = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|authorization|cookie|credential|assertion|verifier"
    r"|token_hint|(?:api|access|private|secret|session|signing)[_-]?key)"
)
_SECRET: Final = re.compile(rf"(?:{_NAMES}|(?:^|[._-])key)s?$", re.IGNORECASE)
# Keys that can be known by how they begin: of OpenAI and Stripe, GitHub, GitLab, Slack, AWS.
_BEGINNINGS: Final = (
    r"(?:sk[-_]|rk_live_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|(?:AKIA|ASIA)(?=[0-9A-Z]{16}))"
)
_SHORTEST: Final = 16
# Without any of these, none of the patterns below matches: most values are done with here.
_suspect: Final = re.compile(r"[=:\s'\"<]").search
_MARKS: Final = ("eyJ", "sk-", "sk_", "rk_", "gh", "_pat_", "glpat", "xox", "AKIA", "ASIA")
# What is written with a backslash, or in other letters than ASCII's, is none of these.
_ORDINARY: Final = bytes(set(range(0x21, 0x7F)) - set(b"=:'<\\"))
# Up to the end, where what is quoted was cut before it ended.
_QUOTED: Final = r"b?\\?\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|b?\\?'(?:[^'\\]|\\.)*+(?:'|\\?\Z)"
_PLAIN: Final = r"[^\s,;&\"'\[{(\\][^\s,;&\"'\[{(]*"
_INSIDE: Final = r"\[[^\]]*+(?:\]|\Z)|\{[^}]*+(?:\}|\Z)|\([^)]*+(?:\)|\Z)"
_DEEPEST: Final = 6


def _hidden_if_dotted(match: re.Match[str]) -> str:
    return HIDDEN if match[1] else match[0]


_PATTERNS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    # a header's line: all that follows
    (
        re.compile(r"(?i)((?:authorization|cookie)\s*:\s*)(?![\s'\"\[])[^\r\n'\"]+"),
        rf"\1{HIDDEN}",
    ),
    # a member of what was a dict, a tuple, JSON, a connection string, a form; a list or an object
    (
        re.compile(
            rf"(?i)({_NAMES}s?(?:\\?[\"']\s*[:=,]|\s?[:=])\s*)"
            rf"(?:{_QUOTED}|{_PLAIN}(?:{_INSIDE})?|{_INSIDE})"
        ),
        rf"\1{HIDDEN}",
    ),
    # a private key, whole or cut; RFC 7468 section 10
    (
        re.compile(r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)(?s:.*?)(?=-----END |\Z)"),
        rf"\1{HIDDEN}",
    ),
    # an element of XML
    (re.compile(rf"(?i)(<[^<>\s]{{0,100}}{_NAMES}s?(?:\s[^<>]*)?>)[^<]+"), rf"\1{HIDDEN}"),
    # what an identity provider sends back; RFC 6749 section 4.1.2
    (re.compile(r"((?:\A|[?&])code=)[^\s&\"'#]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"\b{_BEGINNINGS}[\w-]{{16,}}"), HIDDEN),
    # a URL's password; RFC 3986 section 3.2.1
    (re.compile(r"(://[^\s:/@\"']{0,200}:)[^\s\"']{1,500}@"), rf"\1{HIDDEN}@"),
    # credentials; RFC 9110 section 11.4
    (
        re.compile(r"(?i)\b((?:bearer|basic|dpop)(?:\s+|%20))(?=\S*[\d=])[\w.~+/=-]{6,}"),
        rf"\1{HIDDEN}",
    ),
    # JWS and JWE in compact form; RFC 7515 section 3.1. What has no dot is taken along, and given
    # back: else each place in a long run of such beginnings would look through the rest of it.
    (re.compile(r"eyJ[\w-]{4,}+((?:\.[\w-]*){0,12})"), _hidden_if_dotted),
)


def is_secret(name: str) -> bool:
    """Say whether a value of this *name* is nobody's business."""
    return _SECRET.search(name) is not None


def is_clean(text: str) -> bool:
    """Say at a glance that there is nothing to take out of *text*, as there rarely is."""
    if _suspect(text) is not None:
        return False
    return len(text) < _SHORTEST or not _marked(text)


def are_clean(values: bytes) -> bool:
    """Say the same of a list of short values in JSON, in one look."""
    return not values.translate(None, _ORDINARY) and not _marked(values.decode())


def _marked(text: str) -> bool:
    for mark in _MARKS:  # noqa: SIM110 - any() costs three times as much
        if mark in text:
            return True
    return False


def redacted(text: str) -> str:
    """Return *text* without what looks like a credential in it."""
    if is_clean(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redacted_argument(value: object, deep: int = 0) -> object:
    """Return *value*, of any shape, without what has the name of a secret."""
    if deep > _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if is_secret(_name(name)) else redacted_argument(each, deep + 1)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        items = [redacted_argument(each, deep + 1) for each in value]
        match items:
            case [str() | bytes() as first, _] if is_secret(_name(first)):
                items[1] = HIDDEN
        return tuple(items) if isinstance(value, tuple) else items
    return value


def _name(given: object) -> str:
    return given.decode("latin-1") if isinstance(given, bytes) else str(given)
