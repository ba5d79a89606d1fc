"""Programs that a machine may lack: CI fails without them, and who works on a laptop is told."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Fail in CI, and skip the test elsewhere; *what* says what to do."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
