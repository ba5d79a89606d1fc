"""The steps of a schema, as files.

`0005_search.sql` is step 5, named search; `0005_search.down.sql`, if there is one, takes it back.
The comments at the top of a file may say:

- `-- runs: 4`: code that knows no step after 4 runs on the schema all the same. Without it, only
  code that knows the step does.
- `-- alone`: PostgreSQL takes this step in no transaction (`CREATE INDEX CONCURRENTLY`), so it is
  written to be run again from its beginning, wherever it was stopped.
- `-- loses: what` (of a way back): what is gone then.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

import msgspec

from cortex_core.domain.errors import SchemaError

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)(\.down)?\.sql")
_HEAD: Final = re.compile(r"(?:--[^\n]*\n)*")
_MARK: Final = re.compile(r"^-- (runs|alone|loses)(?:: (.+))?$", re.MULTILINE)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step, and its way back if it has one."""

    number: int
    name: str
    sql: str
    down: str | None = None

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the step's text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def runs(self) -> int:
        """Return the last step that code must know to run on the schema that this one makes."""
        return int(_marks(self.sql).get("runs") or self.number)

    @property
    def alone(self) -> bool:
        """Say whether it is taken in no transaction."""
        return "alone" in _marks(self.sql)

    @property
    def loses(self) -> str:
        """Return what is gone when the step is taken back; empty for nothing."""
        return _marks(self.down or "").get("loses", "")

    def statements(self) -> Sequence[str]:
        """Return the statements of a step that is taken alone; each ends its line."""
        parts = (part.strip() for part in self.sql.split(";\n"))
        return [part for part in parts if _HEAD.sub("", f"{part}\n", count=1).strip()]

    def __str__(self) -> str:
        return f"{self.number:04} {self.name}"


def load_steps(package: str) -> Sequence[Step]:
    """Return the steps among the files of *package*, in order, numbered from 1 without a gap.

    Raises:
        SchemaError: They are not numbered so, or what their comments say cannot be.
    """
    texts: dict[tuple[int, str], dict[str, str]] = {}
    for entry in files(package).iterdir():
        if match := _FILE.fullmatch(entry.name):
            pair = texts.setdefault((int(match[1]), match[2]), {})
            pair["down" if match[3] else "sql"] = entry.read_text(encoding="utf-8")
    if any("sql" not in pair for pair in texts.values()):
        raise SchemaError(f"In {package} there is a way back from a step that is not there.")
    found = [
        Step(number=number, name=name, sql=pair["sql"], down=pair.get("down"))
        for (number, name), pair in sorted(texts.items())
    ]
    if [step.number for step in found] != list(range(1, len(found) + 1)):
        raise SchemaError(f"The steps in {package} are not numbered from 1 without a gap.")
    if any(step.runs > step.number for step in found):
        raise SchemaError(f"A step in {package} asks for code that knows a later one.")
    return found


def _marks(text: str) -> dict[str, str]:
    head = _HEAD.match(text)
    return {match[1]: match[2] or "" for match in _MARK.finditer(head[0] if head else "")}
