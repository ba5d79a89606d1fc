"""Public test vectors, from the folder that CORTEX_TEST_VECTORS names."""

import os
from pathlib import Path

import pytest


def vectors(*parts: str) -> Path:
    """Return a path among the vectors; without them the test is skipped, and says so."""
    folder = os.environ.get("CORTEX_TEST_VECTORS")
    if not folder:
        pytest.skip("CORTEX_TEST_VECTORS names no folder: these vectors were not tried")
    path = Path(folder, *parts)
    assert path.exists(), f"CORTEX_TEST_VECTORS is set, but {path} is not there"
    return path
