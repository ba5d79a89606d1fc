"""`cortex users`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from getpass import getuser

import msgspec

from cortex_adapters.cli.endings import ASKED_WRONGLY, CommandError
from cortex_adapters.server import known_issuers, open_accounts
from cortex_adapters.settings import MemoryUrl, Settings, load_settings
from cortex_core.domain.errors import ConflictError, InvalidInputError, NotFoundError
from cortex_core.domain.ids import UserId, is_id
from cortex_core.domain.links import Link
from cortex_core.domain.models import User, UserStatus
from cortex_core.services.accounts import Account, Accounts, Identity

Done = Sequence[Account] | Link | User

_STATUS = {"disable": UserStatus.DISABLED, "enable": UserStatus.ACTIVE}


def run(asked: Namespace) -> int:
    """Do what was asked with users, and print what there is then."""
    settings = load_settings(os.environ)
    if isinstance(settings.database_url, MemoryUrl):
        raise CommandError("with memory: the users are in the server.", code=ASKED_WRONGLY)
    if asked.act == "link":
        _require_known(settings, asked.to[0])
    if getattr(asked, "id", None) is not None and not is_id(asked.id):
        raise CommandError(f"--id: {asked.id} is not a user's id.", code=ASKED_WRONGLY)
    try:
        done = asyncio.run(_do(settings, asked))
    except InvalidInputError as error:
        raise CommandError(str(error), code=ASKED_WRONGLY) from error
    except NotFoundError as error:
        by_id = getattr(asked, "id", None)
        raise CommandError(f"No user has the id {by_id}." if by_id else str(error)) from error
    except ConflictError as error:
        raise CommandError(str(error)) from error
    if asked.json:
        print(msgspec.json.encode(done).decode())
    else:
        print("\n".join(map(_plain, _lines(asked.act, done))))
    return 0


def _require_known(settings: Settings, issuer: str) -> None:
    """Refuse an issuer from which nobody can come here: what is linked to it would never be."""
    known = known_issuers(settings)
    if issuer not in known:
        raise CommandError(
            f"--to: nobody comes from {issuer}; the issuers here are {', '.join(known)}.",
            code=ASKED_WRONGLY,
        )


async def _do(settings: Settings, asked: Namespace) -> Done:
    async with open_accounts(settings) as accounts:
        match asked.act:
            case "show":
                return await _shown(accounts, asked)
            case "link":
                by: str = asked.by or _operator()
                return await accounts.link(Identity(*asked.former), Identity(*asked.to), by=by)
            case "unlink":
                return await accounts.unlink(Identity(*asked.identity))
            case act:
                return await accounts.set_status(UserId(asked.id), _STATUS[act])


def _operator() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"


async def _shown(accounts: Accounts, asked: Namespace) -> Sequence[Account]:
    if asked.id is not None:
        return [await accounts.get(UserId(asked.id))]
    if asked.identity is not None:
        return [await accounts.find(Identity(*asked.identity))]
    found = await accounts.with_email(asked.email)
    if not found:
        raise NotFoundError(f"Nobody has the address {asked.email}.")
    return found


def _lines(act: str, done: Done) -> Iterator[str]:
    match done:
        case Link():
            what = "is no longer" if act == "unlink" else "is"
            yield f"{done.issuer} {done.subject} {what} user {done.user_id}"
        case User():
            yield f"user {done.id} is {done.status.value}"
        case _:
            for account in done:
                yield from _account(account)


def _account(account: Account) -> Iterator[str]:
    user = account.user
    yield f"user      {user.id}, {user.status.value}"
    yield f"identity  {user.issuer} {user.subject}"
    if user.name:
        yield f"name      {user.name}"
    if user.email:
        yield f"email     {user.email}{' (verified)' if user.email_verified else ''}"
    for link in account.links:
        made = f"{link.kind.value}, by {link.linked_by}, {link.linked_at:%Y-%m-%d %H:%M} UTC"
        yield f"link      {link.issuer} {link.subject} ({made})"


def _plain(line: str) -> str:
    """Return *line* with what a terminal would obey, or not show, escaped.

    A name is what its person wrote: it must neither begin a line of its own nor hide one.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )
