"""Refusals of tokens and proofs, each with its reason."""

from __future__ import annotations

from cortex_core.domain.errors import ProofRejectedError, UnauthenticatedError
from cortex_core.domain.refusals import Reason


def refused(reason: Reason) -> UnauthenticatedError:
    """Return the error to raise; *reason* never quotes the token."""
    return UnauthenticatedError(reason)


def proof_refused(reason: Reason) -> ProofRejectedError:
    """Return the error to raise; *reason* never quotes the proof."""
    return ProofRejectedError(reason)
