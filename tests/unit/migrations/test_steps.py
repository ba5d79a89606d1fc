"""What the files of a schema say, and what follows for a database."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cortex_adapters.migrations import Applied, Step, compare, load_steps, require_current, way_back
from cortex_core.domain.errors import NoWayBackError, SchemaError, SchemaUnknownError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that may hold steps."""
    folder = tmp_path / "steps_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, folder.name, raising=False)
    return folder


def loaded(package: Path, **texts: str) -> Sequence[Step]:
    for name, text in texts.items():
        (package / f"{name.removeprefix('step').replace('__', '.')}.sql").write_text(text)
    return load_steps(package.name)


def test_a_step_says_who_runs_on_it_and_how_it_is_taken_back(package: Path):
    one, two, three = loaded(
        package,
        step0001_first="-- The first.\nCREATE TABLE a (x int);\n-- runs: 9, says no head\n",
        step0002_more="-- More.\n-- runs: 1\nALTER TABLE a ADD COLUMN y int;\n",
        step0002_more__down="-- loses: every y\nALTER TABLE a DROP COLUMN y;\n",
        step0003_index="-- alone\nDROP INDEX IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON a (x);\n",
    )
    assert (one.runs, one.alone, one.down, one.loses) == (1, False, None, "")
    assert (two.runs, two.alone, two.loses) == (1, False, "every y")
    assert (three.runs, three.alone) == (3, True)
    assert three.statements() == [
        "-- alone\nDROP INDEX IF EXISTS i",
        "CREATE INDEX CONCURRENTLY i ON a (x)",
    ]
    assert str(two) == "0002 more"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["step0002_late"], "without a gap"),
        (["step0001_one", "step0001_other"], "without a gap"),
        (["step0001_one__down"], "a way back from a step that is not there"),
    ],
)
def test_steps_that_cannot_be_are_refused(package: Path, names: list[str], said: str):
    with pytest.raises(SchemaError, match=said):
        loaded(package, **dict.fromkeys(names, "SELECT 1;\n"))


def test_a_step_cannot_ask_for_more_than_itself(package: Path):
    with pytest.raises(SchemaError, match="knows a later one"):
        loaded(package, step0001_one="-- runs: 2\nSELECT 1;\n")


def steps(count: int, *, runs: int | None = None) -> Sequence[Step]:
    """Return so many steps; code that knows no more than *runs* may run on the last."""
    found = [Step(number=number, name="x", sql="", down="") for number in range(1, count + 1)]
    if runs is not None:
        found[-1] = Step(number=count, name="x", sql=f"-- runs: {runs}\n", down="")
    return found


def ledger(taken: Sequence[Step]) -> Sequence[Applied]:
    return [
        Applied(number=each.number, name=each.name, checksum=each.checksum, runs=each.runs)
        for each in taken
    ]


def test_fault_51_the_code_of_one_release_and_the_schema_of_another():
    known = steps(3)
    require_current(compare(known, ledger(known)))
    with pytest.raises(SchemaError, match="at step 2 and this release needs 3"):
        require_current(compare(known, ledger(known[:2])))
    inside = compare(known, ledger(steps(4, runs=3)))
    require_current(inside)
    assert [each.number for each in inside.ahead] == [4]
    assert [each.number for each in inside.taken] == [1, 2, 3]
    for later in (steps(4), steps(4, runs=4), steps(5, runs=3)):
        with pytest.raises(SchemaUnknownError, match="does not know"):
            compare(known, ledger(later))


def test_the_way_back_is_the_last_step_first():
    status = compare(steps(4), ledger(steps(4)))
    assert [step.number for step in way_back(status, 2)] == [4, 3]
    assert way_back(status, 4) == []


def test_there_is_no_way_back_from_what_cannot_be_undone_or_is_not_known():
    known = [Step(number=1, name="first", sql=""), *steps(2)[1:]]
    status = compare(known, ledger(known))
    assert [step.number for step in way_back(status, 1)] == [2]
    with pytest.raises(NoWayBackError, match=r"no way back from step 1 \(first\)"):
        way_back(status, 0)
    with pytest.raises(SchemaUnknownError, match="only a release that knows"):
        way_back(compare(known, ledger([*known, *steps(3, runs=2)[2:]])), 1)


def test_what_would_be_lost_is_lost_only_on_purpose():
    known = [Step(number=1, name="notes", sql="", down="-- loses: all notes\nDROP TABLE notes;")]
    status = compare(known, ledger(known))
    with pytest.raises(NoWayBackError, match="all notes"):
        way_back(status, 0)
    assert way_back(status, 0, losing=True) == known
