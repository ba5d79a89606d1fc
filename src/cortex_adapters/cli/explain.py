"""`cortex explain`."""

from __future__ import annotations

from argparse import Namespace
from difflib import get_close_matches
from typing import Final

import msgspec

from cortex_adapters.cli.endings import ASKED_WRONGLY, CommandError
from cortex_adapters.litestar.explained import Explained, explain, markdown
from cortex_core.domain.errors import catalogue

_RUNBOOKS: Final = "docs/runbooks"


def run(asked: Namespace) -> int:
    """Print what the catalogue says of one code; all codes, or the page of all, without one."""
    entries = {kind.code: kind for kind in catalogue()}
    if asked.markdown:
        print(markdown(), end="")
    elif asked.code is None:
        for code, kind in sorted(entries.items()):
            print(f"{code:24} {kind.title}")
    elif (code := asked.code.strip().lower()) not in entries:
        near = get_close_matches(code, entries)
        hint = f" Did you mean {' or '.join(near)}?" if near else " `cortex explain` lists them."
        raise CommandError(f"there is no code {asked.code}.{hint}", code=ASKED_WRONGLY)
    elif asked.json:
        print(msgspec.json.encode(explain(entries[code])).decode())
    else:
        print("\n".join(_lines(explain(entries[code]))))
    return 0


def _lines(entry: Explained) -> list[str]:
    again = "yes, after the time in Retry-After" if entry.retryable else "no"
    return [
        f"{entry.code}: {entry.title}",
        entry.meaning,
        "",
        f"caller:       {entry.remedy}",
        *([f"operator:     {entry.operator}"] if entry.operator else []),
        *([f"runbook:      {_RUNBOOKS}/{entry.runbook}.md"] if entry.runbook else []),
        f"worth trying: {again}",
        f"answered as:  {entry.answered}",
        f"category:     {entry.category}",
        f"severity:     {entry.severity}",
    ]
