"""`cortex db import`: the earlier system's file becomes one of ours."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from cortex_core.contract import make
from tests.unit.cli.conftest import Cortex
from tests.unit.sqlite.test_earlier import SCHEMA

ISSUER = "https://former.example.com/"


def write(path: Path, name: str) -> str:
    """Write a file with one user; return the user's id."""
    user = make.new_id()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
        connection.execute("INSERT INTO users VALUES (?, ?, NULL, NULL)", (user, name))
        connection.commit()
    return user


def test_its_users_are_found_by_their_former_ids(
    cortex: Cortex, tmp_path: Path, fresh_database: str
):
    user = write(tmp_path / "earlier.db", "Ada")
    code, out, _ = cortex("db", "import", "earlier.db", "--issuer", ISSUER)
    assert code == 0
    assert out == "took over 1 users, 0 workspaces, 0 conversations, 0 messages\n"
    assert cortex("db", "upgrade", database_url=fresh_database)[0] == 0
    assert cortex("db", "move", "sqlite:///./cortex.db", fresh_database)[0] == 0
    code, out, _ = cortex(
        "users", "show", "--identity", ISSUER, user, "--json", database_url=fresh_database
    )
    assert code == 0
    assert user in out


def test_what_cannot_be_taken_over_ends_with_2(cortex: Cortex, tmp_path: Path):
    user = write(tmp_path / "earlier.db", "x" * 300)
    code, out, _ = cortex("db", "import", "earlier.db", "--issuer", ISSUER)
    assert code == 2
    assert out.startswith(f"cannot be taken over: users {user} name: must have 0 to 200")
    code, out, _ = cortex("db", "import", "earlier.db", "--issuer", ISSUER, "--json")
    assert code == 2
    assert json.loads(out)["rows"]["users"] == 0


def test_somebody_must_say_whose_users_they_are(cortex: Cortex, tmp_path: Path):
    write(tmp_path / "earlier.db", "Ada")
    code, _, err = cortex("db", "import", "earlier.db")
    assert code == 2
    assert "CORTEX_LEGACY_ISSUER" in err
    code, _, err = cortex("db", "import", "earlier.db", database_url="memory:")
    assert code == 2
    assert "must name a file" in err
