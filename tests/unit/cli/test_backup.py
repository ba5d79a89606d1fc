"""`cortex db backup | restore | verify-backup`: what they print, and how they end."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.postgres import tools_of
from tests.unit.cli.conftest import Cortex


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cortex.db"
    postgres: str = request.getfixturevalue("fresh_database")
    return postgres


def test_a_backup_is_made_and_proved_and_restored_only_into_what_is_empty(
    cortex: Cortex, url: str, postgres_server: str
):
    tools = ("--tools", str(tools_of(postgres_server)))
    assert cortex("db", "upgrade", database_url=url)[0] == 0
    code, out, err = cortex("db", "backup", "backups", "--json", *tools, database_url=url)
    assert (code, err) == (0, "")
    *steps, done = map(json.loads, out.splitlines())
    assert all(step["phase"] in {"copy", "count"} for step in steps)
    backup = Path(done["backup"])
    assert done["done"] == "backup"
    assert done["rows"] == 0
    assert stat.S_IMODE((backup / "manifest.json").stat().st_mode) == 0o600
    code, out, err = cortex("db", "verify-backup", "backups", *tools, database_url=url)
    assert (code, err) == (0, "")
    assert json.loads(out.splitlines()[-1])["backup"] == str(backup)
    code, _, err = cortex("db", "restore", str(backup), *tools, database_url=url)
    assert code == 1
    assert err.startswith("cortex: Conflict: ")
    assert "empty" in err


def test_a_restore_into_a_new_file(cortex: Cortex, tmp_path: Path):
    cortex("db", "upgrade")
    _, out, _ = cortex("db", "backup", "backups")
    backup = json.loads(out.splitlines()[-1])["backup"]
    new = f"sqlite:///{tmp_path}/new.db"
    code, out, err = cortex("db", "restore", backup, database_url=new)
    assert (code, err) == (0, "")
    assert json.loads(out.splitlines()[-1])["done"] == "restore"
    assert cortex("check", "--offline", database_url=new)[0] == 0
    assert sorted(each.name for each in tmp_path.glob("new.db*")) == ["new.db", "new.db.lock"]


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        (["backup", "b"], {"database_url": "memory:"}, 2, "keeps nothing"),
        (["backup", "b"], {}, 1, "nothing to back up"),
        (["restore", "b"], {}, 1, "no backup"),
        (["verify-backup", "b"], {}, 1, "no backup"),
    ],
)
def test_what_cannot_be_done_is_said(
    cortex: Cortex, arguments: list[str], settings: dict[str, str], code: int, says: str
):
    ended, out, err = cortex("db", *arguments, **settings)
    assert (ended, out) == (code, "")
    assert says in err
    assert "Traceback" not in err


def test_nothing_keeps_none(cortex: Cortex, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cortex("db", "backup", "b", "--keep", "0")
    assert ended.value.code == 2
    assert "1 or more" in capfd.readouterr().err


def test_a_program_that_is_missing_is_named(cortex: Cortex, fresh_database: str, tmp_path: Path):
    cortex("db", "upgrade", database_url=fresh_database)
    code, _, err = cortex(
        *("db", "backup", "b", "--tools", str(tmp_path)), database_url=fresh_database
    )
    assert code == 1
    assert err.startswith(f"cortex: Program missing: There is no pg_dump in {tmp_path}: install")


def test_a_backup_of_the_other_kind_is_refused(cortex: Cortex, fresh_database: str):
    cortex("db", "upgrade")
    _, out, _ = cortex("db", "backup", "backups")
    backup = json.loads(out.splitlines()[-1])["backup"]
    code, _, err = cortex("db", "restore", backup, database_url=fresh_database)
    assert code == 2
    assert "one of sqlite" in err


def test_programs_older_than_the_server_are_refused(
    cortex: Cortex, fresh_database: str, postgres_server: str
):
    """The wheel brings an older pg_dump beside the server's own."""
    own = tools_of(postgres_server)
    older = own.parents[1] / "pginstall" / "bin"
    if older == own or not (older / "pg_dump").exists():
        pytest.skip("there is no older pg_dump")
    cortex("db", "upgrade", database_url=fresh_database)
    code, _, err = cortex(
        *("db", "backup", "b", "--tools", str(older)), database_url=fresh_database
    )
    assert code == 1
    assert err.startswith(f"cortex: Program missing: {older}/pg_dump is of PostgreSQL ")
    assert "--tools" in err


def test_the_password_is_told_to_nobody(
    cortex: Cortex, fresh_database: str, postgres_server: str, tmp_path: Path
):
    url = fresh_database.replace("://postgres:@", "://postgres:hunter2@")
    assert "hunter2" in url
    cortex("db", "upgrade", database_url=url)
    tools = ("--tools", str(tools_of(postgres_server)))
    code, out, err = cortex("db", "backup", "b", *tools, database_url=url)
    assert code == 0, err
    [manifest] = tmp_path.glob("b/cortex-*/manifest.json")
    assert "hunter2" not in manifest.read_text() + out + err
    assert json.loads(manifest.read_text())["database"].startswith("postgresql://")


def test_who_may_make_no_database_is_told_so(
    cortex: Cortex, fresh_database: str, postgres_server: str, small_role: str
):
    tools = ("--tools", str(tools_of(postgres_server)))
    cortex("db", "upgrade", database_url=fresh_database)
    assert cortex("db", "backup", "b", *tools, database_url=fresh_database)[0] == 0
    url = fresh_database.replace("://postgres:", f"://{small_role}:")
    code, out, err = cortex("db", "verify-backup", "b", *tools, database_url=url)
    assert (code, out) == (1, "")
    assert "ALTER ROLE ... CREATEDB" in err


@pytest.fixture
def small_role(postgres_server: str) -> Iterator[str]:
    """A role that may do nothing but come in."""
    name = f"small_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN".encode())
        yield name
        connection.execute(f"DROP ROLE {name}".encode())


@pytest.fixture
def owner(fresh_database: str) -> Iterator[str]:
    """The address of an empty database for a role that owns it, and is nothing else."""
    name = f"owner_{uuid4().hex}"
    place = fresh_database.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(fresh_database) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB".encode())
        connection.execute(f"ALTER DATABASE {place} OWNER TO {name}".encode())
    try:
        yield fresh_database.replace("//postgres", f"//{name}", 1)
    finally:
        with psycopg.connect(fresh_database) as connection:
            connection.execute(f"REASSIGN OWNED BY {name} TO postgres".encode())
            connection.execute(f"DROP OWNED BY {name}".encode())
            connection.execute(f"DROP ROLE {name}".encode())


def test_behind_a_second_wall_nothing_is_left_out_of_a_backup(
    cortex: Cortex, owner: str, fresh_database: str, postgres_server: str
):
    tools = ("--tools", str(tools_of(postgres_server)))
    reader = f"reader_{uuid4().hex}"
    roles = ("--server", f"server_{uuid4().hex}", "--reader", reader)
    assert cortex("db", "upgrade", database_url=owner)[0] == 0
    _, sql, _ = cortex("db", "grants", *roles, "--row-security", "on", database_url=owner)
    with psycopg.connect(owner) as connection:
        connection.execute(sql.encode())
        connection.execute("SET cortex.caller = 'system'")
        connection.execute("INSERT INTO registry VALUES ('a', 'b'), ('c', 'd')")
        connection.execute("RESET cortex.caller")
        assert connection.execute("SELECT count(*) FROM registry").fetchone() == (0,), "FORCE"
    try:
        as_reader = owner.replace(owner.partition("//")[2].partition(":")[0], reader, 1)
        code, out, err = cortex("db", "backup", "backups", *tools, database_url=as_reader)
        assert (code, err) == (0, "")
        assert json.loads(out.splitlines()[-1])["rows"] == 2
        code, out, err = cortex("db", "verify-backup", "backups", *tools, database_url=owner)
        assert (code, err) == (0, "")
        with psycopg.connect(owner) as connection:
            connection.execute("CREATE POLICY theirs ON registry AS RESTRICTIVE USING (false)")
        code, out, err = cortex("db", "backup", "backups", *tools, database_url=as_reader)
        assert code == 1, "what somebody else's policy hides is not left out in silence"
        assert err.startswith("cortex: Storage forbidden: ")
    finally:
        with psycopg.connect(fresh_database) as connection:
            for name in (roles[1], reader):
                connection.execute(f"DROP OWNED BY {name}".encode())
                connection.execute(f"DROP ROLE {name}".encode())
