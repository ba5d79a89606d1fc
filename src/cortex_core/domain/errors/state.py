"""What is asked does not fit to what is there."""

from __future__ import annotations

from cortex_core.domain.errors.base import CortexError


class NotFoundError(CortexError):
    """There is no such thing, or none that this caller may see."""

    code = "not-found"
    title = "Not found"
    remedy = "Check the address, and that you have access to what it names."
    category = "not found"


class ConflictError(CortexError):
    """Something that is there already has this identity or this name."""

    code = "conflict"
    title = "Conflict"
    remedy = "Choose another name, or use what is already there."
    category = "conflict"


class LastOwnerError(ConflictError):
    """A workspace has at least one owner always."""

    code = "last-owner"
    title = "Last owner"
    remedy = "Make somebody else an owner first, or delete the workspace."


class LeaseLostError(ConflictError):
    """Another worker has taken over this turn; this one's result is void."""

    code = "lease-lost"
    title = "Lease lost"
    remedy = "Nothing needs to be done: the turn goes on elsewhere."


class StaleVersionError(CortexError):
    """What was to be changed has changed in the meantime."""

    code = "stale-version"
    title = "Stale version"
    remedy = "Read it again and repeat the change on the version you find."
    category = "conflict"
