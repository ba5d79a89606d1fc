"""One spelling for each address, so that two can be compared (RFC 9449 section 4.3)."""

from __future__ import annotations

import re
from typing import Final

_URI: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|(?:[a-z0-9._~!$&'()*+,;=-]|%[0-9a-f]{2})+)"
    r"(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>(?:/(?:[a-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?)"
    r"(?:\?[^#]*)?(?:#.*)?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_IMPLIED: Final = {"http": "80", "https": "443"}


def normal_uri(text: str) -> str | None:
    """Return an http(s) address in normal form, without query and fragment; None if it is none.

    Syntax-based and scheme-based normalisation: RFC 3986 sections 6.2.2 and 6.2.3.
    """
    match = _URI.fullmatch(text)
    if match is None:
        return None
    scheme = match["scheme"].lower()
    host = _escapes(match["host"]).lower() if "%" in match["host"] else match["host"].lower()
    port = match["port"] and str(int(match["port"]))
    authority = host if port in {None, "", _IMPLIED[scheme]} else f"{host}:{port}"
    return f"{scheme}://{authority}{_without_dots(_escapes(match['path']))}"


def _escapes(text: str) -> str:
    """Decode what need not be escaped, and write what must in upper case."""

    def one(escape: re.Match[str]) -> str:
        character = chr(int(escape[1], 16))
        return character if _UNRESERVED.fullmatch(character) else escape[0].upper()

    return _ESCAPE.sub(one, text)


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` (section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
        if last and segment in {".", ".."}:
            kept.append("")
    return "/" + "/".join(kept)
