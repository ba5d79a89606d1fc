"""pg_dump and pg_restore: found or missed by name, and told no secret on a command line."""

import stat
from pathlib import Path

import pytest

from cortex_adapters.postgres.tools import find
from cortex_core.domain.errors import (
    SettingsError,
    StorageForbiddenError,
    StorageFullError,
    ToolMissingError,
    UnavailableError,
)

URL = "postgresql://ada:hunter2@db.example:5433/cortex?sslmode=require"


def program(folder: Path, does: str, version: str = "pg_dump (PostgreSQL) 16.14") -> None:
    """Put a pg_dump into *folder* that says its version, and else does something."""
    file = folder / "pg_dump"
    file.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit\n{does}\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


async def test_its_version_is_read(tmp_path: Path):
    program(tmp_path, "", "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    tool = await find("pg_dump", tmp_path)
    assert (tool.version, tool.major) == ("pg_dump 15.18", 15)
    tool.require(15, "the server is")
    with pytest.raises(ToolMissingError, match=r"postgresql-client-16\).*--tools"):
        tool.require(16, "the server is")


async def test_one_that_is_missing_is_named_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(ToolMissingError, match=f"no pg_dump in {tmp_path}.*postgresql-client"):
        await find("pg_dump", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="no pg_dump on the PATH"):
        await find("pg_dump", None)
    program(tmp_path, "", "something else")
    with pytest.raises(ToolMissingError, match="does not say"):
        await find("pg_dump", None)


async def test_the_password_is_in_the_environment_only(tmp_path: Path):
    program(tmp_path, f'echo "$@" > {tmp_path}/said; echo "$PGPASSWORD" > {tmp_path}/secret')
    tool = await find("pg_dump", tmp_path)
    await tool.run(URL, "--format=custom", host="10.0.0.1")
    said = (tmp_path / "said").read_text()
    assert "hunter2" not in said
    assert "--format=custom --dbname=" in said
    assert "host=10.0.0.1" in said
    assert "sslmode=require" in said
    assert (tmp_path / "secret").read_text() == "hunter2\n"


async def test_a_secret_that_the_environment_cannot_carry_is_refused(tmp_path: Path):
    program(tmp_path, f"touch {tmp_path}/ran")
    tool = await find("pg_dump", tmp_path)
    with pytest.raises(SettingsError):
        await tool.run(f"{URL}&sslpassword=hunter3")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("could not write to file: No space left on device", StorageFullError),
        ("permission denied for table users", StorageForbiddenError),
        ("query would be affected by row-level security policy", StorageForbiddenError),
        ("connection to server failed, with hunter2", UnavailableError),
    ],
)
async def test_what_it_fails_with_is_named(tmp_path: Path, said: str, named: type[Exception]):
    program(tmp_path, f'echo "pg_dump: error: {said}" >&2; exit 1')
    tool = await find("pg_dump", tmp_path)
    with pytest.raises(named, match="pg_dump failed: ") as failed:
        await tool.run(URL)
    assert "hunter2" not in str(failed.value)
    assert type(failed.value) is named
