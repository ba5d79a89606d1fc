"""What is wrong with the parameters of a query, all of it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cortex_adapters.litestar.operations import Query
from cortex_adapters.litestar.strict_json import pointer_to
from cortex_core.domain.errors import Fault

_COUNT: Final = re.compile(r"[0-9]{1,18}")


def faults_of(pairs: Sequence[tuple[str, str]], known: Sequence[Query]) -> Iterator[Fault]:
    """Yield each fault of *pairs*: what is not *known*, given twice, or not as its schema says."""
    given = dict(pairs)
    for name in sorted(given.keys() - {query.name for query in known}):
        yield Fault(pointer_to(name), "unknown", "is no parameter that is known here")
    if len(given) < len(pairs):
        yield Fault("", "repeated", "each parameter may be given once")
    for query in known:
        if query.name in given:
            yield from _faults(query, given[query.name])


def _faults(query: Query, text: str) -> Iterator[Fault]:
    pointer = pointer_to(query.name)
    match query.schema:
        case {"type": "integer", "minimum": int(least), "maximum": int(most)}:
            if not _COUNT.fullmatch(text):
                yield Fault(pointer, "type", "must be a whole number from 0")
            elif not least <= int(text) <= most:
                yield Fault(pointer, "range", f"must be from {least} to {most}")
        case {"enum": [*words]} if text not in words:
            yield Fault(pointer, "enum", f"must be one of: {', '.join(map(str, words))}")
        case _:
            pass
