"""Attributes as every receiver of OTLP takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cortex_core.ports import AttributeValue

LONGEST: Final = 4_000
"""Characters of a text; more is cut."""
LONGEST_LABEL: Final = 200
_EDGE: Final = 1 << 63


def clean(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Return *attributes* without text that UTF-8 and numbers that 64 bits cannot hold."""
    return {text(name): value(each) for name, each in attributes.items() if name}


def value(given: object, longest: int = LONGEST) -> AttributeValue:
    """Return *given* as it can be sent."""
    match given:
        case bool() | float():
            return given
        case int():
            return given if -_EDGE <= given < _EDGE else hex(given)[:longest]
        case _:
            return text(str(given), longest)


def text(given: str, longest: int = LONGEST) -> str:
    """Return *given*, not longer than that, and without lone surrogates."""
    short = given[:longest]
    return short if short.isascii() else short.encode("utf-8", "backslashreplace").decode()
