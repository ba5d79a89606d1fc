"""Which of the formats on offer a request prefers (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_ANYTHING: Final = (b"", b"*/*")  # what most requests say
_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def preferred(fields: Iterable[bytes], offered: Sequence[str]) -> str | None:
    """Return the format in *offered* that the `Accept` *fields* like best, None if they like none.

    Of two that are liked equally it is the first. What cannot be read in a field is left out;
    where nothing is said, everything is welcome.
    """
    said = b",".join(fields)
    if said in _ANYTHING:
        return offered[0]
    # one range is more exact than another the longer it is: */* then text/* then text/html
    ranges = dict(_ranges(said.decode("latin-1")))
    if not ranges:
        return offered[0]
    liking = {kind: _quality(ranges, kind) for kind in offered}
    best = max(offered, key=lambda kind: liking[kind])
    return best if liking[best] > 0 else None


def _quality(ranges: dict[str, float], kind: str) -> float:
    whole = f"{kind.partition('/')[0]}/*"
    return next((ranges[each] for each in (kind, whole, "*/*") if each in ranges), 0.0)


def _ranges(text: str) -> Iterable[tuple[str, float]]:
    """Yield each media range with its quality; no format of ours has parameters."""
    for part in text.split(","):
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        if "/" not in kind:
            continue
        given = [word[2:] for word in parameters if word.startswith("q=")]
        if not given:
            yield kind, 1.0
        elif _QUALITY.fullmatch(given[0]):
            yield kind, float(given[0])
