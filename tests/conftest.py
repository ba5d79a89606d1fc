"""What every test may ask for: the event loop, Hypothesis's profile, a real PostgreSQL."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import postgres

settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, max_examples=100, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URI of a PostgreSQL that this run started."""
    with postgres.running_postgres() as uri:
        yield uri


@pytest.fixture
def fresh_database(postgres_server: str) -> Iterator[str]:
    """The URI of an empty database of the test's own."""
    with postgres.fresh_database(postgres_server) as uri:
        yield uri
