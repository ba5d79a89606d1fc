"""The import rules hold, and each notices: forbidden imports, tried one by one on a copy."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

_ROOT = Path(__file__).parents[2]
_RULES = {
    rule["id"]: rule["name"]
    for rule in tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
}


class Plant(NamedTuple):
    """A module with one import that a rule forbids."""

    rule: str
    module: str
    imports: str
    also: frozenset[str] = frozenset()


_PLANTS = [
    Plant("inward", "cortex_core.domain.planted", "cortex_adapters"),
    # The ports rest on the domain, so this is a cycle too.
    Plant("core-layers", "cortex_core.domain.planted", "cortex_core.ports", frozenset({"acyclic"})),
    Plant("core-pure", "cortex_core.services.planted", "hypothesis"),
    Plant("core-pure", "cortex_core.ports.planted", "logging"),
    Plant("contract-pure", "cortex_core.contract.planted", "tenacity"),
    Plant("rooms", "cortex_adapters.memory.planted", "cortex_adapters.postgres"),
    Plant("rooms", "cortex_adapters.local_identity.planted", "cortex_adapters.auth0.tokens"),
    # A room that no layer names.
    Plant("rooms", "cortex_adapters.planted", "cortex_core.domain"),
    Plant("door-litestar", "cortex_adapters.telemetry.planted", "litestar.types"),
    Plant("door-psycopg", "cortex_adapters.sqlite.planted", "psycopg.rows"),
    Plant("door-psycopg", "cortex_adapters.memory.planted", "psycopg"),
    Plant("door-sqlite", "cortex_adapters.memory.planted", "aiosqlite"),
    Plant("door-sqlite", "cortex_adapters.postgres.planted", "sqlite3"),
    Plant("door-redis", "cortex_adapters.postgres.planted", "redis.asyncio"),
    Plant("door-jwt", "cortex_adapters.litestar.planted", "jwt"),
    Plant("door-jwt", "cortex_adapters.litestar.planted", "cryptography.hazmat.primitives"),
    Plant("door-httpx2", "cortex_adapters.litestar.planted", "httpx2"),
    Plant("door-opentelemetry", "cortex_adapters.litestar.planted", "opentelemetry.trace"),
    Plant("door-opentelemetry", "cortex_adapters.telemetry.planted", "prometheus_client"),
    Plant("door-uvicorn", "cortex_adapters.litestar.planted", "uvicorn"),
    Plant("acyclic", "cortex_core.domain.ids", "cortex_core.domain.models"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of src and of the rules, to break."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_ROOT / "src", tmp_path / "src", ignore=ignored)
    shutil.copy(_ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _broken(folder: Path) -> set[str]:
    """Run the linter as `make imports` does; give the rules that it names as broken."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", run.stdout, re.MULTILINE))
    assert verdicts.keys() == set(_RULES.values()), run.stdout + run.stderr
    broken = {rule for rule, name in _RULES.items() if verdicts[name] == "BROKEN"}
    assert run.returncode == (1 if broken else 0)
    return broken


def test_the_code_as_it_is_keeps_every_rule(copy: Path) -> None:
    assert _broken(copy) == set()


@pytest.mark.parametrize("plant", _PLANTS, ids=lambda plant: f"{plant.rule}-{plant.imports}")
def test_a_forbidden_import_breaks_its_rule_and_no_other(copy: Path, plant: Plant) -> None:
    module = copy.joinpath("src", *plant.module.split(".")).with_suffix(".py")
    with module.open("a") as source:
        source.write(f"\nimport {plant.imports}\n")

    assert _broken(copy) == {plant.rule} | plant.also


def test_every_rule_is_tried() -> None:
    assert {plant.rule for plant in _PLANTS} == _RULES.keys()


@pytest.mark.parametrize(
    ("rooms", "allowed"),
    [
        (["cortex.py", "services", "ports", "domain"], {"msgspec"}),
        (["contract"], {"msgspec", "pytest", "hypothesis", "anyio"}),
    ],
    ids=["core", "contract"],
)
def test_the_core_names_no_package_but_these(rooms: list[str], allowed: set[str]) -> None:
    core = _ROOT / "src" / "cortex_core"
    files = [file for room in rooms for file in [core / room, *(core / room).rglob("*.py")]]
    named = {name for file in files if file.is_file() for name in _imported(file)}

    assert named - sys.stdlib_module_names - {"cortex_core"} <= allowed


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
