"""Public test vectors: in the folder that CORTEX_TEST_VECTORS names, or beside the checkout."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2] / "shared" / "vectors"
_NAMED = os.environ.get("CORTEX_TEST_VECTORS")


def vectors(*parts: str) -> Path:
    """Return a path among the vectors; without them the test is skipped, and says so."""
    path = Path(_NAMED or _BESIDE, *parts)
    if not path.exists():
        assert not _NAMED, f"CORTEX_TEST_VECTORS is set, but {path} is not there"
        pytest.skip("these vectors were not tried: name their folder in CORTEX_TEST_VECTORS")
    return path
