"""Promises every adapter must keep, as test classes to inherit.

Subclass one and give it the fixtures it asks for.
"""

from __future__ import annotations

from pkgutil import iter_modules

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in iter_modules(__path__)))

from cortex_core.contract.assistant import AssistantContract  # noqa: E402
from cortex_core.contract.errors import ErrorReporterContract  # noqa: E402
from cortex_core.contract.identity import IdentityProviderContract  # noqa: E402
from cortex_core.contract.identity_keys import RemoteIdentityContract  # noqa: E402
from cortex_core.contract.identity_tokens import IdentityContract  # noqa: E402
from cortex_core.contract.persistence import PersistenceContract  # noqa: E402
from cortex_core.contract.shared_stream import SharedEventStreamContract  # noqa: E402
from cortex_core.contract.stream import EventStreamContract  # noqa: E402
from cortex_core.contract.telemetry import TelemetryContract  # noqa: E402

__all__ = [
    "AssistantContract",
    "ErrorReporterContract",
    "EventStreamContract",
    "IdentityContract",
    "IdentityProviderContract",
    "PersistenceContract",
    "RemoteIdentityContract",
    "SharedEventStreamContract",
    "TelemetryContract",
]
