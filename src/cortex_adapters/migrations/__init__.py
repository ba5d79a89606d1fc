"""Numbered schema steps: read from an adapter's package, compared with a database's ledger."""

from cortex_adapters.migrations.differences import differing
from cortex_adapters.migrations.ledger import (
    Applied,
    SchemaStatus,
    compare,
    require_current,
    way_back,
)
from cortex_adapters.migrations.steps import Step, load_steps

__all__ = [
    "Applied",
    "SchemaStatus",
    "Step",
    "compare",
    "differing",
    "load_steps",
    "require_current",
    "way_back",
]
