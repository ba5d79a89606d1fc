"""What is done for a user says for whom, so that a store can see to it that it is for no other."""

import ast
from pathlib import Path

import pytest

from cortex_core import services

FOLDER = Path(services.__file__).parent
SYSTEM = {
    "accounts": "of those who run the server",
    "census": "counts all turns",
    "answer": "the assistant's",
    "queue": "the assistant's",
    "linking": "before it is clear who the caller is",
    "reception": "before it is clear who the caller is",
    "retention": "goes through all conversations",
    "revocation": "of identity providers",
    "sessions": "of browsers, before it is clear whose they are",
    "browsers": "of browsers, before it is clear whose they are",
    "watch": "of all streams at once",
}
"""Services whose units of work are the system's, and why."""
FILES = sorted(file for file in FOLDER.rglob("*.py") if file.stem not in SYSTEM)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_every_unit_of_work_names_its_caller(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="begin"), keywords=named):
                found = [keyword.arg for keyword in named]
                assert "caller" in found, f"{file.name}, line {node.lineno}"


def test_no_service_is_excused_that_is_not_there() -> None:
    assert {file.stem for file in FOLDER.rglob("*.py")} >= SYSTEM.keys()
