"""`cortex db move`: what it says to people and to scripts, and its exit codes."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cortex_adapters.cli.progress import Progress
from cortex_adapters.moving.report import Step
from tests.nasty import seed
from tests.unit.cli.conftest import Cortex

FILE = "sqlite:///./cortex.db"


@pytest.fixture
def ends(cortex: Cortex, fresh_database: str, tmp_path: Path) -> tuple[str, str]:
    """A file with rows, and an empty PostgreSQL."""
    assert cortex("db", "upgrade")[0] == 0
    assert cortex("db", "upgrade", database_url=fresh_database)[0] == 0
    seed(str(tmp_path / "cortex.db"), messages=50)
    return FILE, fresh_database


def outcomes(out: str) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in out.splitlines()]
    return {line["phase"]: line["outcome"] for line in lines if "outcome" in line}


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_all_of_it_there_and_back(cortex: Cortex, ends: tuple[str, str], tmp_path: Path):
    code, out, err = cortex("db", "move", *ends, "--json")
    assert (code, err) == (0, "")
    assert list(outcomes(out)) == ["plan", "copy", "follow", "verify", "cutover"]
    code, _, err = cortex("db", "status")
    assert code == 1
    assert "Data moved: The data has moved to postgresql:" in err
    assert "Set `CORTEX_DATABASE_URL` to the database that has the data" in err
    assert cortex("check", database_url=ends[1])[0] == 0
    code, out, _ = cortex("check")
    assert code == 1
    assert "The data has moved to postgresql:" in out
    back = "sqlite:///./back.db"
    code, out, err = cortex("db", "move", "back", back, ends[1])
    assert (code, err) == (0, "")
    assert "cutover" in outcomes(out)
    assert cortex("check", database_url=back)[0] == 0
    assert (tmp_path / "back.db").exists()


def test_it_may_be_asked_again_when_it_is_done(cortex: Cortex, ends: tuple[str, str]):
    assert cortex("db", "move", *ends)[0] == 0
    code, out, _ = cortex("db", "move", *ends, "--json")
    assert code == 0
    assert list(outcomes(out)) == ["cutover"]


def test_one_phase_at_a_time(cortex: Cortex, ends: tuple[str, str]):
    for phase in ("plan", "copy", "follow", "verify", "cutover"):
        code, out, err = cortex("db", "move", phase, *ends, "--json")
        assert (code, err) == (0, ""), phase
        assert list(outcomes(out)) == [phase]


def test_a_phase_that_comes_too_early_fails(cortex: Cortex, ends: tuple[str, str]):
    code, _, err = cortex("db", "move", "verify", *ends)
    assert code == 1
    assert err == "cortex: Nothing was copied between these two yet.\n"


def test_a_plan_that_would_lose_something_ends_with_2(
    cortex: Cortex, ends: tuple[str, str], tmp_path: Path
):
    change(tmp_path / "cortex.db", "UPDATE users SET name = char(0) WHERE subject LIKE '3 %'")
    for asked in (["plan"], []):
        code, out, _ = cortex("db", "move", *asked, *ends, "--json")
        assert code == 2
        [lost] = outcomes(out)["plan"]["lost"]
        assert lost["reason"] == "must not contain U+0000"
    with psycopg.connect(ends[1]) as connection:
        [(made,)] = connection.execute("SELECT to_regclass('move_state') IS NOT NULL")
    assert made is False, "nothing is copied before the plan is well"


def test_a_difference_ends_with_3(cortex: Cortex, ends: tuple[str, str]):
    assert cortex("db", "move", "copy", *ends)[0] == 0
    with psycopg.connect(ends[1]) as connection:
        connection.execute("UPDATE messages SET seq = seq + 1000000 WHERE seq = 7")
    code, out, _ = cortex("db", "move", "verify", *ends, "--json")
    assert code == 3
    [found] = outcomes(out)["verify"]["differences"]
    assert found["what"] == "differs in seq"
    assert cortex("db", "move", "cutover", *ends)[0] == 3
    assert cortex("db", "status")[0] == 0


def test_another_move_ends_with_4(cortex: Cortex, ends: tuple[str, str]):
    with psycopg.connect(ends[1]) as connection:
        connection.execute("SELECT pg_advisory_lock(x'636F72746D76'::bigint)")
        code, _, err = cortex("db", "move", *ends)
    assert code == 4
    assert "another move is using this database" in err


def test_a_source_that_is_not_sound_ends_with_5(
    cortex: Cortex, ends: tuple[str, str], tmp_path: Path
):
    change(tmp_path / "cortex.db", "DELETE FROM users WHERE subject LIKE '7 %'")
    assert cortex("db", "move", "plan", *ends)[0] == 5
    change(tmp_path / "cortex.db", "DELETE FROM schema_steps WHERE number > 1")
    code, _, err = cortex("db", "move", "plan", *ends)
    assert code == 5
    assert "at step 1" in err


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (FILE, "sqlite:///./other.db", "one must be SQLite"),
        (FILE, "memory:", "What is in memory does not move"),
        ("mysql://x", FILE, "the address of a database must be sqlite:///path"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(cortex: Cortex, source: str, target: str, said: str):
    code, _, err = cortex("db", "move", source, target)
    assert code == 2
    assert said in err


def test_to_give_up_leaves_the_source_as_it_was(cortex: Cortex, ends: tuple[str, str]):
    assert cortex("db", "move", "copy", *ends)[0] == 0
    code, _, err = cortex("db", "upgrade")
    assert code == 1
    assert "A move from this database has not ended" in err
    assert cortex("db", "move", "abort", *ends)[0] == 0
    assert cortex("db", "upgrade")[0] == 0


def test_people_see_a_bar_with_a_rate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    progress = Progress(json=False)
    progress.tell(Step(phase="copy", table="messages", rows=10, total=10))
    progress.end()
    out, err = capsys.readouterr()
    assert out == ""
    assert "copy    messages       [########################] 10, " in err
    assert err.endswith("\n")


def test_people_read_words(
    cortex: Cortex, ends: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    change(tmp_path / "cortex.db", "UPDATE users SET name = char(0) WHERE subject LIKE '3 %'")
    code, out, _ = cortex("db", "move", "plan", *ends)
    assert code == 2
    assert "messages                   50 rows" in out
    assert " name: must not contain U+0000" in out
    assert cortex("db", "move", "copy", *ends)[0] == 2
    code, out, _ = cortex("db", "move", "verify", *ends)
    assert code == 3
    assert " is in the source only" in out
    assert "stayed behind: users" in out
    change(tmp_path / "cortex.db", "UPDATE users SET name = 'x' WHERE subject LIKE '3 %'")
    code, out, _ = cortex("db", "move", *ends)
    assert code == 0
    assert "everything can go" in out
    assert "both sides are the same" in out
    assert "writes were frozen for 0." in out
