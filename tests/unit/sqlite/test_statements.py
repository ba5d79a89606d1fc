"""How the statements are written, and how SQLite carries them out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cortex_adapters.sqlite import repositories
from cortex_adapters.sqlite.store import SqliteStore

MODULES = sorted(Path(str(repositories.__file__)).parent.glob("*.py"))
EXECUTES = {"execute", "one", "many", "changes"}
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in EXECUTES:
                yield node


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_every_statement_is_written_out_and_its_parameters_are_bound(module: Path) -> None:
    tree = ast.parse(module.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(target := node.target, ast.Name)
    }
    for call in _calls(tree):
        sql, parameters = call.args[:2]
        if isinstance(sql, ast.Name):
            if sql.id == "sql":
                continue  # handed on as it came
            sql = constants[sql.id] or sql
        assert isinstance(sql, ast.Constant), f"{module.name}:{call.lineno}"
        assert isinstance(sql.value, str)
        assert isinstance(parameters, ast.Tuple), f"{module.name}:{call.lineno}"
        assert ("?" in sql.value) == bool(parameters.elts)
        assert not re.search(r"\b(lower|upper|nocase|like|glob)\b", sql.value, re.IGNORECASE)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            assert not SQL.search(ast.unparse(node)), f"{module.name}:{node.lineno}"


async def test_every_connection_is_set_up(store: SqliteStore) -> None:
    readers = list(store._readers._free._queue)  # type: ignore[attr-defined]
    assert len(readers) == 3
    for lane, query_only in ((store._writer._lane, 0), *((reader, 1) for reader in readers)):
        for pragma, expected in {
            "foreign_keys": 1,
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "query_only": query_only,
            "busy_timeout": 5_000 * query_only,  # the writer's patience can be called off
        }.items():
            statement = f"PRAGMA {pragma}"
            found = await lane.run(lambda c, s=statement: c.execute(s).fetchone())
            assert found == (expected,), pragma
