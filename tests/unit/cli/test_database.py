"""`cortex db` and `cortex check`, on every kind of database."""

import json
import os
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from cortex_adapters.migrations import load_steps
from tests.unit.cli.conftest import Cortex

STEPS = load_steps("cortex_adapters.postgres.migrations")
"""By number and name, those of the other database are the same."""
LATEST = len(STEPS)
AWAY = "postgresql://u:hunter2@127.0.0.1:1/x"
PRODUCTION = {
    "environment": "production",
    "auth0_domain": "tenant.invalid",
    "auth0_audience": "https://cortex.example/api",
}


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return "sqlite:///./cortex.db"
    postgres: str = request.getfixturevalue("fresh_database")
    return postgres


def test_a_schema_is_brought_up_to_date_once(cortex: Cortex, url: str):
    code, out, err = cortex("db", "status", database_url=url)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].endswith(f": step 0 of {LATEST}, and pending:")
    names = [f"{step.number:04} {step.name}" for step in STEPS]
    assert out.splitlines()[1 : LATEST + 1] == [f"  {name}" for name in names]
    code, out, err = cortex("db", "upgrade", database_url=url)
    assert (code, err) == (0, "")
    assert out.splitlines()[:LATEST] == [f"applied {name}" for name in names]
    assert out.splitlines()[LATEST].endswith(f": step {LATEST} of {LATEST}, up to date")
    code, again, _ = cortex("db", "upgrade", database_url=url)
    assert (code, again.splitlines()) == (0, out.splitlines()[LATEST:])


def test_the_schema_as_json(cortex: Cortex, url: str):
    steps = [{"number": step.number, "name": step.name} for step in STEPS]
    _, out, _ = cortex("db", "status", "--json", database_url=url)
    status = json.loads(out)
    database = status.pop("database")
    assert status == {"current": 0, "latest": LATEST, "pending": steps}
    assert url.startswith("sqlite") == database.startswith("sqlite")
    _, out, _ = cortex("db", "upgrade", "--json", database_url=url)
    assert json.loads(out) == {
        "database": database,
        "current": LATEST,
        "latest": LATEST,
        "pending": [],
        "applied": steps,
    }
    _, out, _ = cortex("db", "upgrade", "--json", database_url=url)
    assert json.loads(out)["applied"] == []


def test_a_dry_run_prints_the_sql_and_changes_nothing(cortex: Cortex, url: str):
    code, out, err = cortex("db", "upgrade", "--dry-run", database_url=url)
    assert (code, err) == (0, "")
    assert out.count("-- step 000") == LATEST
    assert "-- step 0001 initial, in one transaction\n" in out
    assert "CREATE TABLE messages" in out
    _, out, _ = cortex("db", "upgrade", "--dry-run", "--json", database_url=url)
    planned = json.loads(out)["planned"]
    assert [(each["number"], each["transaction"]) for each in planned] == [
        (step.number, url.startswith("sqlite") or not step.alone) for step in STEPS
    ]
    assert json.loads(cortex("db", "status", "--json", database_url=url)[1])["current"] == 0
    cortex("db", "upgrade", database_url=url)
    assert cortex("db", "upgrade", "--dry-run", database_url=url)[1] == "-- nothing to do\n"
    code, out, _ = cortex("db", "downgrade", "--to", "3", "--lose", "--dry-run", database_url=url)
    assert code == 0
    assert "-- step 0004 correlation, in one transaction\n" in out
    assert "DROP COLUMN traceparent" in out
    assert json.loads(cortex("db", "status", "--json", database_url=url)[1])["current"] == LATEST


def test_steps_are_taken_back_and_taken_again(cortex: Cortex, url: str):
    cortex("db", "upgrade", database_url=url)
    code, out, err = cortex("db", "downgrade", "--to", "3", database_url=url)
    assert (code, out) == (2, "")
    assert "0004 correlation: which request led to an event or a turn" in err
    assert "--lose" in err
    code, out, err = cortex("db", "downgrade", "--to", "1", "--lose", "--json", database_url=url)
    assert (code, err) == (0, "")
    line = json.loads(out)
    assert (line["current"], len(line["pending"])) == (1, LATEST - 1)
    back = [step.number for step in reversed(STEPS) if step.number > 1]
    assert [each["number"] for each in line["reverted"]] == back
    assert cortex("db", "check", database_url=url)[0] == 0
    code, out, _ = cortex("db", "upgrade", database_url=url)
    assert (code, out.count("applied ")) == (0, LATEST - 1)
    assert cortex("db", "check", database_url=url)[0] == 0


def test_a_way_back_that_is_none_is_refused(cortex: Cortex, url: str):
    cortex("db", "upgrade", database_url=url)
    code, out, err = cortex("db", "downgrade", "--to", "0", "--lose", database_url=url)
    assert (code, out) == (1, "")
    assert "no way back from step 1 (initial)" in err
    assert "backup" in err
    assert "Run: cortex db upgrade" not in err
    for to in (str(LATEST + 1), "-1"):
        code, _, err = cortex("db", "downgrade", f"--to={to}", database_url=url)
        assert code == 2
        assert f"the schema stands at step {LATEST}" in err


def test_a_schema_that_is_ahead_within_its_window_is_served(cortex: Cortex, fresh_database: str):
    cortex("db", "upgrade", database_url=fresh_database)
    with psycopg.connect(fresh_database, autocommit=True) as server:
        server.execute(
            "INSERT INTO schema_steps (number, name, checksum, runs) VALUES (%s, 'later', 'x', %s)",
            (LATEST + 1, LATEST),
        )
    code, out, _ = cortex("db", "status", database_url=fresh_database)
    assert code == 0
    assert f"{LATEST + 1:04} later is of a later release; this one runs on it" in out
    assert cortex("check", database_url=fresh_database)[0] == 0
    assert cortex("db", "upgrade", database_url=fresh_database)[0] == 0
    code, _, err = cortex("db", "downgrade", "--to", "3", "--lose", database_url=fresh_database)
    assert code == 1
    assert "only a release that knows it can take it back" in err


def test_a_schema_that_somebody_changed_by_hand_is_told(cortex: Cortex, url: str):
    cortex("db", "upgrade", database_url=url)
    code, out, err = cortex("db", "check", database_url=url)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "as its steps make it"
    by_hand = "DROP INDEX users_email", "CREATE TABLE theirs (x text)"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect("cortex.db", isolation_level=None)) as file:
            for statement in by_hand:
                file.execute(statement)
    else:
        with psycopg.connect(url, autocommit=True) as server:
            for statement in by_hand:
                server.execute(statement.encode())
    code, out, _ = cortex("db", "check", database_url=url)
    assert code == 1
    assert "missing: index users_email" in out
    assert "not of a step: " in out
    _, out, _ = cortex("db", "check", "--json", database_url=url)
    assert "missing: index users_email" in json.loads(out)["differences"]


def test_status_makes_no_file(cortex: Cortex, tmp_path: Path):
    cortex("db", "status")
    cortex("check")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["db", "status"], ["db", "upgrade"]], ids=" ".join)
def test_a_database_that_is_away_is_named_without_its_password(
    cortex: Cortex, arguments: list[str]
):
    code, out, err = cortex(*arguments, database_url=AWAY)
    assert (code, out) == (1, "")
    assert err.startswith(
        "cortex: Dependency unavailable: postgresql://127.0.0.1:1/x cannot be reached.\n"
    )
    assert "onnection refused" in err
    assert "hunter2" not in err
    assert "Traceback" not in err


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


EVERY = [["db", "status"], ["db", "upgrade"], ["check"], ["serve"]]


@pytest.mark.parametrize("arguments", EVERY, ids=" ".join)
def test_a_file_that_is_no_database_is_named(cortex: Cortex, tmp_path: Path, arguments: list[str]):
    (tmp_path / "cortex.db").write_text("x" * 5_000)
    code, out, err = cortex(*arguments, port=free_port())
    assert code == 1
    assert "./cortex.db: is no database of SQLite, or its first page is damaged." in out + err
    assert "name another file, or restore this one from a backup." in out + err
    assert err.count("\n") == (0 if arguments == ["check"] else 2)


@pytest.mark.parametrize("arguments", EVERY, ids=" ".join)
@pytest.mark.parametrize(
    ("path", "said", "advice"),
    [
        ("./folder", "./folder: is a folder, and no file.", "name a file, such as one in that"),
        ("./no/x.db", "./no/x.db: cannot be opened: No such file or directory.", "Make its folder"),
        ("./file/x.db", "./file/x.db: cannot be opened: Not a directory.", "correct the path"),
    ],
)
def test_a_path_that_is_none_is_told_in_plain_words(
    cortex: Cortex, tmp_path: Path, arguments: list[str], path: str, said: str, advice: str
):
    """And no thread of a connection that failed writes a traceback after it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    code, out, err = cortex(*arguments, port=free_port(), database_url=f"sqlite:///{path}")
    assert code == 1
    assert said in out + err
    assert advice in out + err
    assert err.count("\n") == (0 if arguments == ["check"] else 2)


@pytest.mark.parametrize("arguments", EVERY, ids=" ".join)
def test_a_folder_that_cannot_be_written_is_named(cortex: Cortex, arguments: list[str]):
    port = free_port()
    cortex("check")  # what is imported now need not be found by another user
    with locked_folder() as folder:
        code, out, err = cortex(*arguments, port=port, database_url=f"sqlite:///{folder}/x.db")
    assert code == 1
    assert f"{folder}" in out + err
    assert ": cannot be written. " in f"{out}{err}".replace("\n", " ")
    assert "Let the user who runs this write to the file and its folder." in out + err
    assert "Traceback" not in err


@contextmanager
def locked_folder() -> Iterator[str]:
    """A folder that nobody may write to; root, who may all the same, is somebody else inside."""
    folder = tempfile.mkdtemp(prefix="cortex-locked-")
    Path(folder).chmod(0o555)
    root = os.getuid() == 0
    try:
        if root:
            os.setresuid(65_534, 65_534, 0)
        yield folder
    finally:
        if root:
            os.setresuid(0, 0, 0)
        Path(folder).rmdir()


@contextmanager
def role(database: str, *statements: str) -> Iterator[str]:
    """A role that was given rights by *statements*; its address of *database*."""
    name = f"somebody_{uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{name}" LOGIN')
        for statement in statements:
            connection.execute(statement.format(role=f'"{name}"').encode())
        try:
            yield urlsplit(database)._replace(netloc=f"{name}@").geturl()
        finally:
            connection.execute(f'DROP OWNED BY "{name}"')
            connection.execute(f'DROP ROLE "{name}"')


GRANTS = "run the SQL that cortex db grants prints"


@pytest.mark.parametrize(
    ("arguments", "rights", "said", "advice"),
    [
        (["db", "upgrade"], (), "schema public", "GRANT USAGE, CREATE ON SCHEMA public"),
        (
            ["db", "upgrade"],
            ("REVOKE ALL ON SCHEMA public FROM PUBLIC",),
            "no schema in which it may make anything",
            "GRANT USAGE, CREATE ON SCHEMA public",
        ),
        (["check"], ("made",), "the table schema_steps", GRANTS),
        (["db", "status"], ("made",), "the table schema_steps", GRANTS),
        (
            ["serve"],
            ("made", "GRANT SELECT ON schema_steps TO {role}"),
            "the table registry",
            GRANTS,
        ),
        (
            ["check"],
            ("made", "GRANT SELECT ON schema_steps TO {role}"),
            "the table registry",
            GRANTS,
        ),
    ],
)
def test_a_right_that_is_missing_is_named_with_its_remedy(
    cortex: Cortex,
    fresh_database: str,
    arguments: list[str],
    rights: tuple[str, ...],
    said: str,
    advice: str,
):
    if "made" in rights:
        assert cortex("db", "upgrade", database_url=fresh_database)[0] == 0
    statements = [statement for statement in rights if statement != "made"]
    with role(fresh_database, *statements) as url:
        code, out, err = cortex(*arguments, port=free_port(), database_url=url)
    assert code == 1
    told = out + err
    assert f"does not let the role {urlsplit(url).username} do what is needed." in told
    assert said in told
    assert advice in told
    assert "Traceback" not in told
    assert "Incident" not in told


def test_the_rights_of_a_server_are_printed(cortex: Cortex, fresh_database: str):
    assert cortex("db", "upgrade", database_url=fresh_database)[0] == 0
    with role(fresh_database) as url:
        name = urlsplit(url).username or ""
        code, out, err = cortex("db", "grants", "--server", name, database_url=fresh_database)
        assert (code, err) == (0, "")
        with psycopg.connect(fresh_database) as connection:
            connection.execute(out.encode())
        code, out, _ = cortex("check", "--offline", "--json", database_url=url, **PRODUCTION)
        assert code == 0
        assert "a server needs none of it" not in out
        with psycopg.connect(fresh_database) as connection:
            connection.execute(f'DROP OWNED BY "{name}"'.encode())
    _, out, _ = cortex("check", "--offline", "--json", database_url=fresh_database, **PRODUCTION)
    ok, detail = findings(out)["database"]
    assert ok
    assert "is a superuser, and a server needs none of it" in detail


@pytest.mark.parametrize(
    ("arguments", "url", "said"),
    [
        ((), "sqlite:///./cortex.db", "names no PostgreSQL"),
        (("--server", "a b"), AWAY, "'a b': a name has letters"),
        (("--reader", "$$; DROP"), AWAY, "'$$; DROP': a name has letters"),
        (("--schema", "1"), AWAY, "'1': a name has letters"),
    ],
)
def test_roles_that_cannot_be_are_asked_wrongly(
    cortex: Cortex, arguments: tuple[str, ...], url: str, said: str
):
    code, out, err = cortex("db", "grants", *arguments, database_url=url)
    assert (code, out) == (2, "")
    assert said in err


def test_a_role_that_may_not_connect_is_told_so(cortex: Cortex, fresh_database: str):
    name = urlsplit(fresh_database).path[1:]
    with role(fresh_database, f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC') as url:
        code, _, err = cortex("db", "status", database_url=url)
    assert code == 1
    assert "This role may not use that database." in err
    assert "GRANT CONNECT ON DATABASE" in err


def findings(out: str) -> dict[str, tuple[bool, str]]:
    return {each["check"]: (each["ok"], each["detail"]) for each in json.loads(out)}


def test_a_check_of_what_is_well(cortex: Cortex, url: str):
    cortex("db", "upgrade", database_url=url)
    code, out, err = cortex("check", database_url=url)
    assert (code, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["settings", "ok"],
        ["database", "ok"],
        ["schema", "ok"],
    ]
    code, out, _ = cortex("check", "--json", database_url=url)
    assert code == 0
    assert all(ok for ok, _ in findings(out).values())


def test_a_check_says_which_settings_have_no_effect_yet(cortex: Cortex):
    _, out, _ = cortex("check", "--json", allowed_hosts="a.example")
    ok, detail = findings(out)["settings"]
    assert ok
    assert detail == "development; without effect yet: CORTEX_ALLOWED_HOSTS"


def test_a_check_of_a_schema_that_is_behind(cortex: Cortex, fresh_database: str):
    code, out, _ = cortex("check", "--json", database_url=fresh_database)
    assert code == 1
    assert findings(out)["schema"] == (False, f"step 0 of {LATEST}; Run: cortex db upgrade")
    code, out, _ = cortex("check", "--json")
    assert code == 0
    assert findings(out)["schema"] == (
        True,
        f"step 0 of {LATEST}; the next start brings it up to date",
    )


def test_a_check_of_a_schema_that_is_ahead(cortex: Cortex, tmp_path: Path):
    cortex("db", "upgrade")
    with sqlite3.connect(tmp_path / "cortex.db") as connection:
        connection.execute("INSERT INTO schema_steps VALUES (99, 'later', 'x', 0, 99)")
    connection.close()
    code, out, _ = cortex("check", "--json")
    assert code == 1
    assert findings(out)["database"][0]
    ok, detail = findings(out)["schema"]
    assert not ok
    assert "step 99 (later)" in detail


def test_a_check_of_a_database_that_is_away(cortex: Cortex):
    code, out, _ = cortex("check", "--json", database_url=AWAY)
    assert code == 1
    ok, detail = findings(out)["database"]
    assert not ok
    assert detail.startswith(
        "postgresql://127.0.0.1:1/x cannot be reached. Nothing listens there. (connection failed"
    )
    assert "schema" not in findings(out)


@pytest.mark.parametrize("arguments", [["check", "--offline"], ["db", "upgrade"]], ids=" ".join)
def test_in_production_a_database_that_is_away_is_told_in_our_words(
    cortex: Cortex, arguments: list[str]
):
    code, out, err = cortex(*arguments, database_url=AWAY, **PRODUCTION)
    assert code == 1
    said = " ".join((out + err).split())
    assert said.endswith(
        "postgresql://127.0.0.1:1/x cannot be reached. Nothing listens there. "
        "Start PostgreSQL there, or correct CORTEX_DATABASE_URL."
    )


def test_a_check_of_wrong_settings(cortex: Cortex):
    code, out, _ = cortex("check", port="x", workers="x")
    assert code == 2
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["settings", "FAIL", "CORTEX_PORT:"],
        ["settings", "FAIL", "CORTEX_WORKERS:"],
    ]


def test_memory_is_always_up_to_date(cortex: Cortex):
    for arguments in (
        ["db", "status"],
        ["db", "upgrade"],
        ["db", "downgrade", "--to", "0"],
        ["db", "check"],
        ["check"],
    ):
        code, _, _ = cortex(*arguments, database_url="memory:")
        assert code == 0


@pytest.mark.parametrize("arguments", [["check"], ["db", "upgrade"]], ids=" ".join)
@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (AWAY, "Start PostgreSQL there, or correct CORTEX_DATABASE_URL."),
        ("database", "Make that database, or correct its name in CORTEX_DATABASE_URL."),
        ("user", "Correct the user in CORTEX_DATABASE_URL, or make that role."),
    ],
)
def test_a_wrong_address_is_answered_with_what_to_correct(
    cortex: Cortex, fresh_database: str, arguments: list[str], wrong: str, advice: str
):
    if wrong == "database":
        wrong = urlsplit(fresh_database)._replace(path="/nowhere").geturl()
    if wrong == "user":
        wrong = urlsplit(fresh_database)._replace(netloc="nobody_here@").geturl()
    code, out, err = cortex(*arguments, database_url=wrong)
    assert code == 1
    assert advice in out + err
    assert "Traceback" not in err


def test_a_folder_that_is_not_there_is_said_once(cortex: Cortex):
    code, _, err = cortex("db", "upgrade", database_url="sqlite:///./no/x.db")
    assert code == 1
    assert err == (
        "cortex: Dependency unavailable: ./no/x.db: cannot be opened: No such file or directory.\n"
        "Make its folder, or correct the path in CORTEX_DATABASE_URL.\n"
    )


@pytest.mark.parametrize("arguments", [["check"], ["db", "status"]], ids=" ".join)
def test_a_schema_that_is_ahead_is_not_to_be_upgraded(
    cortex: Cortex, tmp_path: Path, arguments: list[str]
):
    cortex("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "cortex.db", isolation_level=None)) as connection:
        connection.execute("INSERT INTO schema_steps VALUES (99, 'later', 'x', 0, 99)")
    code, out, err = cortex(*arguments)
    assert code == 1
    assert "Run the release that made it, or use another database." in out + err
    assert "cortex db upgrade" not in out + err
