"""Turns: assistants asked, answers stored, each once, whatever dies on the way.

A turn is held by a lease. Whoever holds it renews it; when a process dies, the lease ends and
another one takes the turn over. What a worker stores is fenced by its lease, so that no answer
is stored twice.
"""

from cortex_core.services.turns.answer import HISTORY
from cortex_core.services.turns.census import keep_count
from cortex_core.services.turns.worker import TurnWorker

__all__ = ["HISTORY", "TurnWorker", "keep_count"]
