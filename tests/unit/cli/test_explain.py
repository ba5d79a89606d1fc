"""`cortex explain`: the catalogue at the shell."""

import json

import pytest

from cortex_core.domain.errors import catalogue
from tests.unit.cli.conftest import Cortex


@pytest.mark.parametrize("kind", [*catalogue()], ids=lambda kind: kind.code)
def test_every_code_is_explained(cortex: Cortex, kind) -> None:
    code, out, err = cortex("explain", kind.code)
    assert (code, err) == (0, "")
    for said in (kind.title, kind.meaning(), kind.remedy, kind.operator, kind.runbook):
        assert said in out


def test_for_a_script_it_is_json(cortex: Cortex) -> None:
    _, out, _ = cortex("explain", "storage-full", "--json")
    entry = json.loads(out)
    assert (entry["code"], entry["answered"], entry["retryable"]) == ("storage-full", "503", True)


def test_without_a_code_all_are_listed(cortex: Cortex) -> None:
    _, out, _ = cortex("explain")
    assert [line.split()[0] for line in out.splitlines()] == sorted(
        kind.code for kind in catalogue()
    )


def test_a_code_is_known_however_it_is_written(cortex: Cortex) -> None:
    assert cortex("explain", " Storage-FULL") == cortex("explain", "storage-full")


@pytest.mark.parametrize(
    ("code", "hint"), [("storag-full", "storage-full"), ("xyz", "`cortex explain` lists them")]
)
def test_a_code_that_is_none_is_asked_wrongly(cortex: Cortex, code: str, hint: str) -> None:
    ended, out, err = cortex("explain", code)
    assert (ended, out) == (2, "")
    assert code in err
    assert hint in err
