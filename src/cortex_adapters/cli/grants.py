"""`cortex db grants`."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from typing import Final

from cortex_adapters.cli.endings import ASKED_WRONGLY, CommandError
from cortex_adapters.server import database
from cortex_adapters.settings import load_settings

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def run(asked: Namespace) -> int:
    """Print the SQL that gives the server's role what it needs, and no more."""
    grants = database(load_settings(os.environ).database_url).grants
    if grants is None:
        raise CommandError(
            "CORTEX_DATABASE_URL names no PostgreSQL, and nothing else has roles.",
            code=ASKED_WRONGLY,
        )
    for name in filter(None, (asked.server, asked.reader, asked.schema)):
        if not _NAME.fullmatch(name):
            raise CommandError(
                f"{name!r}: a name has letters, digits and _, up to 63, and begins with no digit.",
                code=ASKED_WRONGLY,
            )
    walls = None if asked.row_security is None else asked.row_security == "on"
    sql = grants(server=asked.server, reader=asked.reader, schema=asked.schema, row_security=walls)
    print(sql, end="")
    return 0
