"""What squawk says of each step: nothing that would hold up or break the servers that run."""

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from cortex_adapters.migrations import Step, load_steps

STEPS = load_steps("cortex_adapters.postgres.migrations")
SQUAWK = Path(sys.executable).with_name("squawk")
# Who takes a step sets the timeouts; the file cannot, because it may have to be tried again.
OURS = ("require-lock-timeout", "require-statement-timeout")
# A way back drops what its step made, and says so.
BACK = ("ban-drop-column", "ban-drop-table", "require-concurrent-index-deletion")
FROM_BEFORE_THE_RULE = {
    3: {
        "require-concurrent-index-creation",
        "adding-foreign-key-constraint",
        "constraint-missing-not-valid",
    }
}


def found(sql: str, *, but: Collection[str], alone: bool = False) -> set[str]:
    """Return the rules of squawk that *sql* breaks, *but* for some."""
    command = [str(SQUAWK), "--reporter", "json", "--pg-version", "15", "--exclude", ",".join(but)]
    if not alone:
        command.append("--assume-in-transaction")
    told = subprocess.run(
        [*command, "--stdin-filepath", "step.sql"],
        input=sql.encode(),
        stdout=subprocess.PIPE,
        check=False,
    )
    return {each["rule_name"] for each in json.loads(told.stdout)}


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_step_keeps_the_rules(step: Step):
    expected = FROM_BEFORE_THE_RULE.get(step.number, set())
    assert found(step.sql, but=OURS, alone=step.alone) == expected
    if step.down is not None:
        assert found(step.down, but=(*OURS, *BACK)) == set()


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX i ON messages (created_at);", "require-concurrent-index-creation"),
        ("ALTER TABLE messages ADD COLUMN x text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE messages RENAME COLUMN role TO part;", "renaming-column"),
        ("ALTER TABLE messages DROP COLUMN role;", "ban-drop-column"),
        ("ALTER TABLE messages ALTER COLUMN seq TYPE int;", "changing-column-type"),
    ],
)
def test_what_would_hold_servers_up_is_found(sql: str, rule: str):
    assert rule in found(sql, but=OURS)
