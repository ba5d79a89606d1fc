"""`cortex token`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from typing import Final

import msgspec

from cortex_adapters.cli.endings import ASKED_WRONGLY, CommandError
from cortex_adapters.local_identity.issuer import Token
from cortex_adapters.server import open_local, open_store
from cortex_adapters.settings import MemoryUrl, Settings, load_settings
from cortex_core.domain.errors import InvalidInputError

_MACHINE: Final = "local-machine"


def run(asked: Namespace) -> int:
    """Print a token of the local issuer, signed with the key in the database."""
    settings = load_settings(os.environ)
    if not settings.development:
        raise CommandError("the local issuer is for development only.", code=ASKED_WRONGLY)
    if isinstance(settings.database_url, MemoryUrl):
        raise CommandError(
            "with memory: the key is in the server; POST /auth/dev/token gives a token.",
            code=ASKED_WRONGLY,
        )
    _refuse_strays(asked)
    try:
        token = asyncio.run(_token(settings, asked))
    except InvalidInputError as error:
        faults = (f"--{fault.pointer.split('/')[1]}: {fault.message}" for fault in error.faults)
        raise CommandError("; ".join(faults), code=ASKED_WRONGLY) from error
    print(msgspec.json.encode(token).decode() if asked.json else token.access_token)
    return 0


async def _token(settings: Settings, asked: Namespace) -> Token:
    permissions = None if asked.permissions is None else _listed(asked.permissions)
    async with open_store(settings) as store:
        issuer = await open_local(settings, store).issuer()
        if asked.kind == "machine":
            return issuer.mint_machine(
                _MACHINE if asked.client is None else asked.client, permissions=permissions
            )
        return issuer.mint(asked.email or "", name=asked.name or "", permissions=permissions)


def _refuse_strays(asked: Namespace) -> None:
    """Refuse an option for the other kind of caller, and do not act as if it were not there."""
    strays = {"user": ("client",), "machine": ("email", "name")}[asked.kind]
    for option in strays:
        if getattr(asked, option) is not None:
            other = "user" if asked.kind == "machine" else "machine"
            raise CommandError(f"--{option}: goes with --as {other}.", code=ASKED_WRONGLY)


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")] if text.strip() else []
