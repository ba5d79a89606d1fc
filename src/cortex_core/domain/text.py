"""Rules for text, and the JSON Schema that tells them.

Text is any Unicode except U+0000, which PostgreSQL cannot hold, and lone surrogates,
which UTF-8 cannot. Lengths count code points, as JSON Schema does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from cortex_core.domain.errors import Fault

# Python's white space, spelt out: \s is another set in each dialect of regular expressions.
_SPACE: Final = r"\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_VISIBLE: Final = re.compile(rf"[^{_SPACE}]")
_ANY: Final = r"^[^\u0000]*$"
# Each text matches in one way only, so that engines that backtrack stay linear.
_NOT_BLANK: Final = rf"^[{_SPACE}]*[^\u0000{_SPACE}][^\u0000]*$"


def text_schema(least: int, most: int) -> dict[str, object]:
    """Return the JSON Schema of a text of *least* to *most* characters, not blank if *least*."""
    length = {"minLength": least, "maxLength": most} if least else {"maxLength": most}
    return {**length, "pattern": _NOT_BLANK if least else _ANY}


NAME_LENGTH: Final = 100
DESCRIPTION_LENGTH: Final = 500
TOPIC_LENGTH: Final = 200
CONTENT_LENGTH: Final = 32_000
USER_NAME_LENGTH: Final = 200
IDENTITY_LENGTH: Final = 255

Name = Annotated[str, msgspec.Meta(extra_json_schema=text_schema(1, NAME_LENGTH))]
Description = Annotated[str, msgspec.Meta(extra_json_schema=text_schema(0, DESCRIPTION_LENGTH))]
Topic = Annotated[str, msgspec.Meta(extra_json_schema=text_schema(1, TOPIC_LENGTH))]
Content = Annotated[str, msgspec.Meta(extra_json_schema=text_schema(1, CONTENT_LENGTH))]
UserName = Annotated[str, msgspec.Meta(extra_json_schema=text_schema(0, USER_NAME_LENGTH))]


def unstorable(value: str) -> str | None:
    """Return why *value* cannot be stored, or None when it can."""
    if "\x00" in value:
        return "must not contain U+0000"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "must not contain lone surrogates"
    return None


def text_faults(pointer: str, value: str, *, least: int, most: int) -> Iterator[Fault]:
    """Yield what is wrong with *value*: *least* to *most* code points, not blank if *least*."""
    if not least <= len(value) <= most:
        yield Fault(pointer, "length", f"must have {least} to {most} characters")
    elif least and not _VISIBLE.search(value):
        yield Fault(pointer, "blank", "must not be blank")
    reason = unstorable(value)
    if reason:
        yield Fault(pointer, "characters", reason)


def name_key(name: str) -> str:
    """Return what two names share when they differ in case, form or outer space only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name.strip()).casefold())
