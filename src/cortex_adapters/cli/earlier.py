"""`cortex db import`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from typing import Final

import msgspec

from cortex_adapters.moving.report import Exit
from cortex_adapters.server import take_over
from cortex_adapters.settings import load_settings

_SHOWN: Final = 20


def run(asked: Namespace) -> int:
    """Take a file of the earlier system over; end with 2, and do nothing, where any row cannot."""
    settings = load_settings(os.environ)
    taken = asyncio.run(take_over(settings, asked.file, issuer=asked.issuer))
    if asked.json:
        print(msgspec.json.encode(taken).decode())
    else:
        for each in taken.refused[:_SHOWN]:
            print(f"cannot be taken over: {each.table} {each.key} {each.column}: {each.reason}")
        if more := len(taken.refused[_SHOWN:]):
            print(f"and {more:,} more, which --json names")
        if not taken.refused:
            rows = ", ".join(f"{count:,} {table}" for table, count in taken.rows.items())
            print(f"took over {rows}")
    return Exit.WOULD_LOSE if taken.refused else Exit.OK
