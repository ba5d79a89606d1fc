"""What an operator is told about an error, and can do; the catalogue is for callers."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cortex_adapters.telemetry.errors import said_by_vendor
from cortex_core.domain.errors import (
    CortexError,
    InternalError,
    MovedError,
    StorageCorruptError,
    StorageForbiddenError,
    StorageReadOnlyError,
    UnavailableError,
)


class _Case(msgspec.Struct, frozen=True):
    """What was found, as a pattern; what that means, in our words; and what to do."""

    pattern: str
    means: str
    remedy: str


_URL: Final = "CORTEX_DATABASE_URL"
_POOLER_URL: Final = "CORTEX_DATABASE_POOLER_URL"
_START: Final = f"Start PostgreSQL there, or correct {_URL}."
_HOST: Final = f"Correct the host in {_URL}."
_FILES: Final = (
    _Case("another server is using", "", f"Stop that server, or let {_URL} name another file."),
    _Case("is a folder", "", f"Let {_URL} name a file, such as one in that folder."),
    _Case(
        "is no database of SQLite",
        "",
        f"Let {_URL} name another file, or restore this one from a backup.",
    ),
    _Case("cannot be written", "", "Let the user who runs this write to the file and its folder."),
    _Case("cannot be opened", "", f"Make its folder, or correct the path in {_URL}."),
)
"""By our own message."""
_SERVERS: Final = (
    _Case(
        "authentication failed",
        "PostgreSQL there does not take this user and password.",
        f"Correct the user and the password in {_URL}.",
    ),
    _Case("no password supplied", "PostgreSQL asks for a password.", f"Write it into {_URL}."),
    _Case(
        r"pg_hba\.conf",
        "PostgreSQL there does not let this user in from here, or not in this way.",
        f"Have pg_hba.conf let this user in, or correct {_URL}.",
    ),
    _Case(
        'permission denied for database "',
        "This role may not use that database.",
        "As its owner: GRANT CONNECT ON DATABASE, to this role.",
    ),
    _Case(
        'role ".*" is not permitted to log in',
        "That role may not log in.",
        f"Correct the user in {_URL}, or ALTER ROLE ... LOGIN.",
    ),
    _Case(
        'role ".*" does not exist',
        "There is no such role.",
        f"Correct the user in {_URL}, or make that role.",
    ),
    _Case(
        'database ".*" does not exist',
        "There is no such database.",
        f"Make that database, or correct its name in {_URL}.",
    ),
    _Case("starting up|shutting down", "It is starting or stopping.", "Try again in a moment."),
    _Case("(resolve|translate) host", "No host has that name.", _HOST),
    _Case("onnection refused", "Nothing listens there.", _START),
    _Case("No such file or directory", "No server has its socket there.", _START),
    _Case("timeout expired|timed out", "Nothing answers there in time.", _START),
    _Case(
        "SSL|TLS|certificate",
        "The connection cannot be encrypted as was asked for.",
        f"Compare sslmode and sslrootcert in {_URL} with the server's certificate.",
    ),
    _Case("connection to server", "", _START),
)
"""By what libpq says, since connecting gives no code."""
_GRANTS: Final = "As the owner of the tables: run the SQL that cortex db grants prints"
_RIGHTS: Final = (
    _Case(
        "access permission denied|not authorized",
        "SQLite may not open or read it.",
        "Let the user of this server read and write the file and its directory.",
    ),
    _Case(
        "permission denied to create database",
        "It may not make the database in which a backup is proved.",
        "As a superuser: ALTER ROLE ... CREATEDB, for this role; or prove it with another one.",
    ),
    _Case(
        "row-level security",
        "Policies of row-level security may hide rows from it, or refuse them.",
        "Run it as a role with BYPASSRLS; or take ours down for the time it takes, by what "
        "cortex db grants --row-security off prints.",
    ),
    _Case(
        "permission denied for (table|relation|view) ([^ ]+)",
        r"It may not use the table \2.",
        f"{_GRANTS}; or run as that owner.",
    ),
    _Case(
        'permission denied for database ([^ "]+)',
        r"It may make no schema in the database \1, as cortex db check does, and undoes.",
        r"Run it as the owner of the database; or, as that owner: GRANT CREATE ON DATABASE \1, "
        "to this role.",
    ),
    _Case(
        "permission denied for schema ([^ ]+)",
        r"It may not use the schema \1, or make nothing in it.",
        r"As the owner of the database: GRANT USAGE, CREATE ON SCHEMA \1, to this role.",
    ),
    _Case(
        "no schema has been selected",
        "There is no schema in which it may make anything.",
        "As the owner of the database: GRANT USAGE, CREATE ON SCHEMA public, to this role.",
    ),
    _Case(
        "must be owner of ([a-z ]+[^ ]+)",
        r"It does not own the \1.",
        "Run cortex db upgrade as the role that owns the tables.",
    ),
    _Case(
        ".",
        "",
        f"{_GRANTS}; cortex db upgrade needs the owner itself, with CREATE on the schema.",
    ),
)
"""By what SQLite and PostgreSQL (SQLSTATE 42501 and 3F000) say of a missing right."""


def explained(error: CortexError, *, cause: bool) -> list[str]:
    """Return what else there is to say of *error*: what it means, and what to do about it.

    With *cause* the words of the system that is away come between the two: they are for whoever
    develops, and may name more than an operator's screen should show.
    """
    means, remedy = _found(error)
    vendor = said_by_vendor(error) if cause else ""
    return [*filter(None, [means, vendor and f"({vendor})", remedy])]


def _found(error: CortexError) -> tuple[str, str]:
    if isinstance(error, StorageForbiddenError):
        return _first(_RIGHTS, said_by_vendor(error)) or ("", error.remedy)
    ours = type(error) in {UnavailableError, StorageReadOnlyError, StorageCorruptError}
    if ours or "another server" in str(error):
        found = _first(_FILES, str(error)) or _first(_SERVERS, _verdict(said_by_vendor(error)))
        if found is not None:
            means, remedy = found
            if _POOLER_URL in str(error):
                remedy = remedy.replace("PostgreSQL", "the pooler").replace(_URL, _POOLER_URL)
            return means, remedy
    # callers are told to ask the operator, who is whoever reads this
    return "", error.operator if isinstance(error, MovedError | InternalError) else error.remedy


def _verdict(said: str) -> str:
    """Return libpq's words without the address it repeats, which may hold any of the words."""
    return said.rpartition("failed: ")[2].rpartition("FATAL: ")[2] or said


def _first(cases: tuple[_Case, ...], text: str) -> tuple[str, str] | None:
    for case in cases:
        if match := re.search(case.pattern, text):
            return match.expand(case.means), match.expand(case.remedy)
    return None
