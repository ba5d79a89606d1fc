"""pg_dump and pg_restore: found, looked at, and run without a secret on their command line."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cortex_core.domain.errors import (
    CortexError,
    SettingsError,
    StorageForbiddenError,
    StorageFullError,
    ToolMissingError,
    UnavailableError,
)

__all__ = ["Tool", "find"]

_VERSION: Final = re.compile(r"\(PostgreSQL\) ((\d+)[\w.]*)")
_SAID: Final = (
    ("No space left on device", StorageFullError),
    ("Disk quota exceeded", StorageFullError),
    ("permission denied", StorageForbiddenError),
    ("row-level security", StorageForbiddenError),
)
_LONGEST: Final = 400


class Tool:
    """One of PostgreSQL's own programs."""

    def __init__(self, name: str, path: str, version: str, major: int) -> None:
        self.name = name
        self.version = version
        self.major = major
        self._path = path

    def require(self, least: int, of: str) -> None:
        """Raise ToolMissingError if this is older than *of*, whose major version is *least*."""
        if self.major < least:
            raise ToolMissingError(
                f"{self._path} is of PostgreSQL {self.major}, and {of} of {least}: install "
                f"PostgreSQL's client programs of version {least} (Debian: "
                f"postgresql-client-{least}), or name their folder with --tools."
            )

    async def run(self, conninfo: str, *arguments: str, **place: str) -> None:
        """Run it on the database that *conninfo* names, with *place* over what that says.

        Raises:
            StorageForbiddenError: The role lacks a right.
            StorageFullError: There was no room.
            UnavailableError: It failed.
        """
        address, secret = _split(conninfo, place)
        process = await asyncio.create_subprocess_exec(
            self._path,
            *arguments,
            f"--dbname={address}",
            "--no-password",
            env={**os.environ, **secret},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise _failure(self.name, said.decode(errors="replace"), secret.values())


async def find(name: str, folder: Path | None) -> Tool:
    """Return the program *name* in *folder*, or else on the PATH.

    Raises:
        ToolMissingError: There is none.
    """
    path = shutil.which(name, path=None if folder is None else str(folder))
    if path is None:
        where = "on the PATH" if folder is None else f"in {folder}"
        raise ToolMissingError(
            f"There is no {name} {where}: install PostgreSQL's client programs (Debian: "
            "postgresql-client), or name their folder with --tools."
        )
    process = await asyncio.create_subprocess_exec(
        path,
        "--version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await process.communicate()
    match = _VERSION.search(said.decode(errors="replace"))
    if match is None:
        raise ToolMissingError(f"{path} does not say that it is {name} of PostgreSQL.")
    return Tool(name, path, f"{name} {match[1]}", int(match[2]))


def _split(conninfo: str, place: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return the address without its secrets, and the secrets as the environment has them."""
    given: dict[str, Any] = {**conninfo_to_dict(conninfo), **place}
    password = given.pop("password", None)
    if "sslpassword" in given:
        raise SettingsError(
            ["CORTEX_DATABASE_URL: sslpassword cannot be handed to pg_dump; use a key without one."]
        )
    return make_conninfo("", **given), {} if password is None else {"PGPASSWORD": str(password)}


def _failure(name: str, said: str, secrets: Iterable[str]) -> CortexError:
    for secret in secrets:
        said = said.replace(secret, "***")
    lines = [line.strip() for line in said.splitlines() if "error" in line.lower()]
    words = f"{name} failed: {(lines or [said.strip() or 'it did not say why'])[0][:_LONGEST]}"
    for part, kind in _SAID:
        if part in said:
            return kind(words)
    return UnavailableError(words)
