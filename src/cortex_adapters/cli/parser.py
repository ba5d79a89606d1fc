"""What can be asked of the `cortex` command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

_VERSION: Final = "cortex-core"
_EPILOG: Final = "Settings are CORTEX_* in the environment; README lists them."


class _Version(argparse.Action):
    """Looks the version up when it is asked for, and not at each start."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and rarely asked for

        print(f"cortex {version(_VERSION)}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses names the module that runs it."""
    top = argparse.ArgumentParser(prog="cortex", description="Cortex Core.", epilog=_EPILOG)
    top.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = top.add_subparsers(metavar="COMMAND", required=True, dest="command")

    serve = _command(commands, "serve", "serve", "serve until SIGTERM or Ctrl-C")
    serve.add_argument("--host", help="where to listen, over CORTEX_HOST")
    serve.add_argument("--port", help="where to listen, over CORTEX_PORT")
    serve.add_argument("--workers", help="processes on that port, over CORTEX_WORKERS")
    # The supervisor's: its socket, the place of this process, and where its siblings are.
    serve.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    serve.add_argument("--worker", type=int, default=0, help=argparse.SUPPRESS)
    serve.add_argument("--siblings", type=Path, help=argparse.SUPPRESS)

    check = _command(commands, "check", "check", "say whether a server could start")
    check.add_argument("--offline", action="store_true", help="do not ask the tenant")
    _json(check)

    token = _command(commands, "token", "tokens", "print an access token; in development only")
    token.add_argument(
        "--as", dest="kind", choices=("user", "machine"), default="user", help="for whom; user"
    )
    token.add_argument("--email", help="which person")
    token.add_argument("--name", help="the name of that person")
    token.add_argument("--client", help="which machine; local-machine")
    token.add_argument("--permissions", help="such as read:messages,write:messages; else all")
    _json(token)

    explain = _command(commands, "explain", "explain", "say what an error is, and what to do")
    explain.add_argument("code", nargs="?", help="the code of a problem; lists all without one")
    explain.add_argument("--markdown", action="store_true", help=argparse.SUPPRESS)
    _json(explain)

    _db(commands)
    _users(commands)
    _command(commands, "openapi", "openapi", "print the OpenAPI document")
    routes = _command(commands, "routes", "routes", "list the routes")
    routes.add_argument("--rights", action="store_true", help="print who may, as Markdown")
    return top


def _db(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    db = commands.add_parser("db", help="the schema of the database")
    steps = db.add_subparsers(metavar="COMMAND", required=True, dest="step")
    upgrade = _command(steps, "upgrade", "schema", "apply the steps that are pending")
    upgrade.set_defaults(command="db upgrade")
    _dry(upgrade)
    _json(upgrade)
    downgrade = _command(steps, "downgrade", "schema", "take steps back, for an earlier release")
    downgrade.set_defaults(command="db downgrade")
    downgrade.add_argument("--to", type=int, required=True, help="the step to stand at then")
    downgrade.add_argument("--lose", action="store_true", help="even where data is lost")
    _dry(downgrade)
    _json(downgrade)
    status = _command(steps, "status", "schema", "say where the schema stands")
    status.set_defaults(command="db status")
    _json(status)
    check = _command(steps, "check", "schema", "say whether the schema is as its steps make it")
    check.set_defaults(command="db check")
    _json(check)

    grants = _command(steps, "grants", "grants", "print the SQL for roles of PostgreSQL")
    grants.add_argument("--server", default="cortex_server", help="as whom the server runs")
    grants.add_argument("--reader", help="as whom backups are made; none unless named")
    grants.add_argument("--schema", default="public", help="where the tables are; public")
    grants.add_argument(
        "--row-security", choices=("on", "off"), help="a second wall between users; as it is"
    )
    grants.set_defaults(command="db grants")

    _move(steps)
    earlier = _command(steps, "import", "earlier", "take a file of the earlier system over")
    earlier.add_argument("file", metavar="FILE", help="a SQLite file, which is only read")
    earlier.add_argument("--issuer", help="whose users they are; else CORTEX_LEGACY_ISSUER")
    earlier.set_defaults(command="db import")
    _json(earlier)
    _backup(steps)


def _move(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    move = _command(steps, "move", "move", "move everything to a database of the other kind")
    phases = ("plan", "copy", "follow", "verify", "cutover", "back", "abort")
    move.add_argument("phase", nargs="?", choices=phases, help="one step of it; all unless named")
    for name, says in (("source", "where the data is"), ("target", "where it is to be")):
        move.add_argument(name, metavar=name.upper(), help=f"{says}; a URL")
    move.set_defaults(command="db move")
    _json(move)


def _backup(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = _command(steps, "backup", "backup", "make a backup, while servers go on")
    backup.add_argument("folder", metavar="FOLDER", type=Path, help="where backups are kept")
    backup.add_argument(
        "--keep", metavar="N", type=_count, help="delete older backups of this database beyond N"
    )
    restore = _command(steps, "restore", "backup", "restore a backup into an empty database")
    restore.add_argument("backup", metavar="BACKUP", type=Path, help="one backup")
    restore.add_argument(
        "--keep-tokens", action="store_true", help="tokens from before the restore stay good"
    )
    verify = _command(steps, "verify-backup", "backup", "prove a backup by restoring it aside")
    verify.add_argument(
        "backup", metavar="BACKUP", type=Path, help="one backup, or a folder: the newest in there"
    )
    for name, command in (("backup", backup), ("restore", restore), ("verify-backup", verify)):
        command.add_argument(
            "--tools", metavar="FOLDER", type=Path, help="where pg_dump is, if not on the PATH"
        )
        command.set_defaults(command=f"db {name}")
        _json(command)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def _users(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    users = commands.add_parser("users", help="find, link, disable users")
    acts = users.add_subparsers(metavar="COMMAND", required=True, dest="act")

    show = _command(acts, "show", "users", "print a user and the links to it")
    by = show.add_mutually_exclusive_group(required=True)
    by.add_argument("--id", help="the user's own")
    by.add_argument("--email", help="all who have exactly this address")
    _identity(by, "--identity", "`iss` and `sub` of a token")

    link = _command(acts, "link", "users", "let an identity be the user of another one")
    _identity(link, "--from", "the identity that has the user, such as the former issuer's")
    _identity(link, "--to", "the identity that is to be that user, such as the tenant's")
    link.add_argument("--by", help="who does it, for the record; else who runs this")

    unlink = _command(acts, "unlink", "users", "take a link away, and sign that identity off")
    _identity(unlink, "--identity", "the identity that was linked")

    disable = _command(acts, "disable", "users", "let a user do nothing, at once")
    enable = _command(acts, "enable", "users", "let a disabled user do everything again")
    for command in (disable, enable):
        command.add_argument("--id", required=True, help="the user's own")
    for name, command in acts.choices.items():
        command.set_defaults(command=f"users {name}")
        _json(command)


def _identity(command: argparse._ActionsContainer, option: str, says: str) -> None:
    required = isinstance(command, argparse.ArgumentParser)
    command.add_argument(
        option,
        dest=option.strip("-").replace("from", "former"),
        nargs=2,
        metavar=("ISSUER", "SUBJECT"),
        required=required,
        help=says,
    )


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, module: str, says: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
    command.set_defaults(module=f"cortex_adapters.cli.{module}")
    return command


def _dry(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="print the SQL, and change nothing")


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")
