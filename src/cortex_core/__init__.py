"""Users, workspaces, conversations, and the events that flow through them."""

from __future__ import annotations

from cortex_core.cortex import Cortex
from cortex_core.ports import Ports, Principal

__all__ = ["Cortex", "Ports", "Principal"]
