"""What to do, by what the database itself says."""

import sqlite3

import psycopg
import pytest

from cortex_adapters.cli.remedies import explained
from cortex_core.domain.errors import StorageForbiddenError, UnavailableError


@pytest.mark.parametrize("said", ["access permission denied", "not authorized"])
def test_a_right_that_sqlite_lacks_is_none_to_grant_in_sql(said: str) -> None:
    error = StorageForbiddenError()
    error.__cause__ = sqlite3.OperationalError(said)
    lines = explained(error, cause=False)
    assert "the file" in lines[-1]
    assert not any("GRANT" in line or said in line for line in lines)


def test_a_pooler_that_is_away_is_not_taken_for_the_database() -> None:
    error = UnavailableError("The pooler (CORTEX_DATABASE_POOLER_URL) cannot be reached.")
    error.__cause__ = psycopg.OperationalError("connection failed: Connection refused")
    lines = explained(error, cause=False)
    assert lines[-1] == "Start the pooler there, or correct CORTEX_DATABASE_POOLER_URL."


def test_a_check_that_may_make_no_schema_says_which_right_that_takes() -> None:
    error = StorageForbiddenError()
    error.__cause__ = psycopg.errors.InsufficientPrivilege("permission denied for database cortex")
    lines = explained(error, cause=False)
    assert "GRANT CREATE ON DATABASE cortex, to this role." in lines[-1]
    assert not any("cortex db upgrade" in line for line in lines)
