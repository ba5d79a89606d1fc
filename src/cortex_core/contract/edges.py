"""Values at the edges of what the domain allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cortex_core.domain.metadata import MAX_BYTES, MAX_DEPTH


def _nested(depth: int, kind: type[list[object]] | type[dict[str, object]]) -> dict[str, object]:
    inner: object = "deep"
    for _ in range(depth - 1):
        inner = [inner] if kind is list else {"a": inner}
    return {"a": inner}


METADATA: Final[dict[str, dict[str, object]]] = {
    "nothing": {},
    "minus zero": {"n": -0.0, "m": [-0.0]},
    "one point zero": {"n": 1.0},
    "whole floats": {"n": [1e15, 1e16, 1e18, 2.0**53 + 2]},
    "floats beyond integers": {"n": [1e22, 2.0**63, -(2.0**63), 1e19, 1e300]},
    "largest integers": {"n": [2**63 - 1, -(2**63), 2**53 + 1, -(2**53) - 1]},
    "smallest floats": {"n": [5e-324, -5e-324, 2.2250738585072014e-308]},
    "largest float": {"n": 1.7976931348623157e308},
    "fractions": {"n": [0.1, 1 / 3, 1e-7, 123456789.123456789]},
    "truths": {"t": True, "f": False, "n": None, "one": 1, "zero": 0},
    "empty things": {"": "", "l": [], "o": {}},
    "names in order": {
        "b": 1,
        "aa": 2,
        "a": 3,
        "B": 4,
        "\N{PILE OF POO}": 5,
        "\uffff": 6,
        "10": 7,
        "9": 8,
    },
    "names like code": {"__proto__": 1, "$ne": 2, "a.b": 3, "%s": 4, "'": 5, "a\\b": 6, '"': 7},
    "text like values": {"t": ["2026-01-01T00:00:00Z", "null", "1", "true", "\\u0000", "{}"]},
    "odd text": {"t": ["\x01\x7f\x85", "\u2028\ufeff", "e\u0301", "\xe9", "\uffff", "\U0010ffff"]},
    "deepest object": _nested(MAX_DEPTH, dict),
    "deepest list": _nested(MAX_DEPTH, list),
    "largest": {"a": "x" * (MAX_BYTES - 8)},
    "largest in bytes": {"a": "\N{PILE OF POO}" * ((MAX_BYTES - 8) // 4)},
    "widest": {f"{n:04}": 1 for n in range(MAX_BYTES // 10)},
}
CONTENT: Final[dict[str, str]] = {
    "one character": "x",
    "longest": "x" * 32_000,
    "longest in bytes": "\N{PILE OF POO}" * 32_000,
    "composed": "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "decomposed": "e\N{COMBINING ACUTE ACCENT}",
    "right to left": "\N{HEBREW LETTER ALEF}\N{RIGHT-TO-LEFT OVERRIDE}b",
    "outer space": " \t\r\n x \u2003\n",
    "byte order mark": "\ufeffx",
    "controls": "x\x01\x08\x1b\x7f\x85\u2028",
    "not characters": "\uffff\ufdd0\U0010ffffx",
    "code": "'; DROP TABLE users; -- %s $1 ?1 :a \\ {} \\u0000",
    "joined": "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}",
}
TIMES: Final = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, 0, 999_999, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, 59, 123_456, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
