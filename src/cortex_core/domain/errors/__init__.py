"""The catalogue: every failure Cortex Core can name.

A class is an entry: its docstring is the meaning, `code` is stable and public, `title` is
the same for every occurrence, `remedy` says what the caller can do. Nothing here knows HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator

from cortex_core.domain.errors.base import Category, CortexError, Fault, Severity
from cortex_core.domain.errors.dependencies import (
    BusyError,
    CollisionError,
    DeadlineError,
    IdentityUnavailableError,
    OutcomeUnknownError,
    OverloadedError,
    UnavailableError,
)
from cortex_core.domain.errors.identity import (
    CrossOriginError,
    MalformedCredentialError,
    PermissionDeniedError,
    ProofNonceError,
    ProofRejectedError,
    SignOnFailedError,
    UnauthenticatedError,
    UserDisabledError,
)
from cortex_core.domain.errors.internal import (
    InternalError,
    SettingsError,
    TurnAbandonedError,
)
from cortex_core.domain.errors.state import (
    ConflictError,
    LastOwnerError,
    LeaseLostError,
    NotFoundError,
    StaleVersionError,
)
from cortex_core.domain.errors.storage import (
    BackupDamagedError,
    FrozenError,
    MovedError,
    NoWayBackError,
    SchemaError,
    SchemaUnknownError,
    StorageCorruptError,
    StorageForbiddenError,
    StorageFullError,
    StorageReadOnlyError,
    ToolMissingError,
)
from cortex_core.domain.errors.validation import (
    InvalidCursorError,
    InvalidInputError,
    MalformedError,
    MethodNotAllowedError,
    NotAcceptableError,
    TooLargeError,
    TooSlowError,
    UnsupportedFormatError,
)

__all__ = [
    "BackupDamagedError",
    "BusyError",
    "Category",
    "CollisionError",
    "ConflictError",
    "CortexError",
    "CrossOriginError",
    "DeadlineError",
    "Fault",
    "FrozenError",
    "IdentityUnavailableError",
    "InternalError",
    "InvalidCursorError",
    "InvalidInputError",
    "LastOwnerError",
    "LeaseLostError",
    "MalformedCredentialError",
    "MalformedError",
    "MethodNotAllowedError",
    "MovedError",
    "NoWayBackError",
    "NotAcceptableError",
    "NotFoundError",
    "OutcomeUnknownError",
    "OverloadedError",
    "PermissionDeniedError",
    "ProofNonceError",
    "ProofRejectedError",
    "SchemaError",
    "SchemaUnknownError",
    "SettingsError",
    "Severity",
    "SignOnFailedError",
    "StaleVersionError",
    "StorageCorruptError",
    "StorageForbiddenError",
    "StorageFullError",
    "StorageReadOnlyError",
    "TooLargeError",
    "TooSlowError",
    "ToolMissingError",
    "TurnAbandonedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedFormatError",
    "UserDisabledError",
    "catalogue",
]


def catalogue() -> Iterator[type[CortexError]]:
    """Yield every named error, each code once."""
    waiting: list[type[CortexError]] = [*CortexError.__subclasses__()]
    while waiting:
        entry = waiting.pop(0)
        yield entry
        waiting.extend(entry.__subclasses__())
