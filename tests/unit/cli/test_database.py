"""`cortex db` and `cortex check`, on every kind of database."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cortex_adapters.migrations import load_steps
from tests.unit.cli.conftest import Cortex

STEPS = load_steps("cortex_adapters.postgres.migrations")
"""By number and name, those of the other database are the same."""
LATEST = len(STEPS)
AWAY = "postgresql://u:hunter2@127.0.0.1:1/x"


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


def test_a_file_that_is_no_database_is_named(cortex: Cortex, tmp_path: Path):
    (tmp_path / "cortex.db").write_text("x" * 5_000)
    code, _, err = cortex("db", "upgrade")
    assert code == 1
    assert err.startswith("cortex: Storage corrupt: ./cortex.db: ")


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
        connection.execute("INSERT INTO schema_steps VALUES (99, 'later', 'x', 0)")
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
    assert detail.startswith("postgresql://127.0.0.1:1/x cannot be reached. connection failed")
    assert "schema" not in findings(out)


def test_a_check_of_wrong_settings(cortex: Cortex):
    code, out, _ = cortex("check", port="x", workers="x")
    assert code == 2
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["settings", "FAIL", "CORTEX_PORT:"],
        ["settings", "FAIL", "CORTEX_WORKERS:"],
    ]


def test_memory_is_always_up_to_date(cortex: Cortex):
    for arguments in (["db", "status"], ["db", "upgrade"], ["check"]):
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
        connection.execute("INSERT INTO schema_steps VALUES (99, 'later', 'x', 0)")
    code, out, err = cortex(*arguments)
    assert code == 1
    assert "Run the release that made it, or use another database." in out + err
    assert "cortex db upgrade" not in out + err
