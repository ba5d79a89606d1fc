"""The catalogue: every failure Cortex Core can name.

A class is an entry: its docstring is the meaning, `code` is stable and public, `title` is
the same for every occurrence, `remedy` says what the caller can do. Nothing here knows HTTP.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import msgspec

Severity = Literal["info", "warning", "error", "critical"]


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with one field; *pointer* is a JSON Pointer (RFC 6901)."""

    pointer: str
    code: str
    message: str


class CortexError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    remedy: ClassVar[str] = "Report the correlation id to the operator."
    retryable: ClassVar[bool] = False
    severity: ClassVar[Severity] = "info"
    retry_after: int = 1
    """Whole seconds until it is worth trying again, where it is `retryable`."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).meaning())

    @classmethod
    def meaning(cls) -> str:
        """Return what this entry means, as its docstring says it."""
        return " ".join((cls.__doc__ or "").split())


class InvalidInputError(CortexError):
    """A field breaks a rule; each fault names the field and what is allowed."""

    code = "invalid-input"
    title = "Invalid input"
    remedy = "Correct the fields named in errors and send the request again."

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults))


class MalformedError(CortexError):
    """The request cannot be read: it is not the well-formed text that was expected."""

    code = "malformed-request"
    title = "Malformed request"
    remedy = "Send well-formed UTF-8 JSON without duplicate names, at most 64 levels deep."


class MalformedCredentialError(MalformedError):
    """The credential cannot be read: exactly one is accepted, in the Authorization header."""

    # The caller never sees `reason`: it is for our own log.
    code = "malformed-credential"
    title = "Malformed credential"
    remedy = "Send one Authorization header: Bearer, a space, and the token."

    def __init__(self, reason: str = "header") -> None:
        super().__init__()
        self.reason = reason


class InvalidCursorError(CortexError):
    """The cursor was not issued for this list, or was altered."""

    code = "invalid-cursor"
    title = "Invalid cursor"
    remedy = "Start again without a cursor, and pass cursors back unchanged."


class TooLargeError(CortexError):
    """The request is larger than is accepted."""

    code = "too-large"
    title = "Too large"
    remedy = "Send a smaller request."


class UnsupportedFormatError(CortexError):
    """The body is not in a format that is accepted here."""

    code = "unsupported-format"
    title = "Unsupported format"
    remedy = "Send the body as application/json."


class NotAcceptableError(CortexError):
    """The answer is not available in any of the formats that were asked for."""

    code = "not-acceptable"
    title = "Not acceptable"
    remedy = "Ask for one of the formats that the documentation names."


class MethodNotAllowedError(CortexError):
    """The resource exists but does not know this method."""

    code = "method-not-allowed"
    title = "Method not allowed"
    remedy = "Use one of the methods in Allow."


class UnauthenticatedError(CortexError):
    """The credential is missing, expired or not one of ours."""

    # The caller never sees `reason`, a word of `domain.refusals`, nor `issuer`, who is said to
    # vouch for the caller and is trusted here: they are for our own log.
    code = "unauthenticated"
    title = "Unauthenticated"
    remedy = "Get a new access token and send it as a Bearer credential."
    detail: ClassVar[str] = "The credential is not valid."

    def __init__(self, reason: str = "", *, missing: bool = False) -> None:
        super().__init__("A credential is needed." if missing else self.detail)
        self.reason = reason or ("missing" if missing else "other")
        self.missing = missing
        self.issuer = ""


class ProofRejectedError(UnauthenticatedError):
    """The proof that the caller holds the token's key (DPoP) is missing or not valid."""

    code = "proof-rejected"
    title = "Proof rejected"
    remedy = "Send one DPoP header, with a proof made for this request and by the token's key."
    detail = "The proof is not valid."


class ProofNonceError(ProofRejectedError):
    """The proof (DPoP) must hold a nonce that was given here, and lately."""

    code = "proof-nonce"
    title = "Proof without nonce"
    remedy = "Make another proof, with the nonce from the header DPoP-Nonce."
    detail = "The proof needs a nonce."

    def __init__(self, nonce: str = "") -> None:
        super().__init__("proof-nonce")
        self.nonce = nonce


class SignOnFailedError(CortexError):
    """Signing on with the browser did not come to its end."""

    # The browser never sees `reason`: it is for our own log.
    code = "sign-on-failed"
    title = "Sign-on failed"
    remedy = "Begin again at /auth/login, in the browser that is to be signed on."

    def __init__(self, reason: str = "") -> None:
        super().__init__()
        self.reason = reason


class PermissionDeniedError(CortexError):
    """The caller is known but may not do this."""

    code = "permission-denied"
    title = "Permission denied"
    remedy = "Ask for the permission or the role that detail names."

    def __init__(self, detail: str = "", *, permission: str = "") -> None:
        super().__init__(detail)
        self.permission = permission


class CrossOriginError(PermissionDeniedError):
    """A page of another origin may not use the browser's session."""

    code = "cross-origin"
    title = "Cross-origin request"
    remedy = "Call from a page of this server, or with an access token instead of the cookie."


class UserDisabledError(PermissionDeniedError):
    """The caller's account has been disabled."""

    code = "user-disabled"
    title = "User disabled"
    remedy = "Ask an administrator to enable the account."


class NotFoundError(CortexError):
    """There is no such thing, or none that this caller may see."""

    code = "not-found"
    title = "Not found"
    remedy = "Check the address, and that you have access to what it names."


class ConflictError(CortexError):
    """Something that is there already has this identity or this name."""

    code = "conflict"
    title = "Conflict"
    remedy = "Choose another name, or use what is already there."


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


class BusyError(CortexError):
    """Another transaction holds what this one needs."""

    code = "busy"
    title = "Busy"
    remedy = "Try again in a moment."
    retryable = True
    severity = "warning"


class DeadlineError(CortexError):
    """The work took longer than it may, and was undone."""

    code = "timeout"
    title = "Timeout"
    remedy = "Try again in a moment."
    retryable = True
    severity = "warning"


class OverloadedError(CortexError):
    """There is more work than can be taken on at the moment."""

    code = "overloaded"
    title = "Overloaded"
    remedy = "Try again in a moment."
    retryable = True
    severity = "warning"


class UnavailableError(CortexError):
    """A system that this one depends on cannot be reached."""

    code = "dependency-unavailable"
    title = "Dependency unavailable"
    remedy = "Try again in a moment; if this goes on, look whether that system runs."
    retryable = True
    severity: ClassVar[Severity] = "error"


class IdentityUnavailableError(UnavailableError):
    """Credentials cannot be checked at the moment; this one may well be valid."""

    code = "identity-unavailable"
    title = "Identity provider unavailable"
    remedy = "Keep the credential and try again in a moment."

    def __init__(self, detail: str = "", *, retry_after: float = 1) -> None:
        super().__init__(detail)
        self.retry_after = max(1, math.ceil(retry_after)) if math.isfinite(retry_after) else 1


class OutcomeUnknownError(UnavailableError):
    """The connection was lost during the commit: the change may or may not be there."""

    code = "outcome-unknown"
    title = "Outcome unknown"
    remedy = "Look whether the change is there before you repeat it."


class StorageFullError(UnavailableError):
    """The storage has no room left; nothing was written."""

    code = "storage-full"
    title = "Storage full"
    severity = "critical"


class StorageReadOnlyError(UnavailableError):
    """The storage takes no writes here; nothing was written."""

    code = "storage-read-only"
    title = "Storage read-only"


class StorageForbiddenError(UnavailableError):
    """The storage does not grant this server a right that it needs; nothing was written."""

    code = "storage-forbidden"
    title = "Storage forbidden"
    remedy = "Have the operator grant the server its rights in the database."
    severity = "critical"


class StorageCorruptError(CortexError):
    """The storage is damaged and needs its operator."""

    code = "storage-corrupt"
    title = "Storage corrupt"
    remedy = "Restore the database from a backup."
    severity = "critical"


class SchemaError(CortexError):
    """The schema of the database is not the one this release needs."""

    code = "schema-mismatch"
    title = "Schema mismatch"
    remedy = "Run: cortex db upgrade"
    severity = "critical"


class SchemaUnknownError(SchemaError):
    """The schema of the database is none that this release knows."""

    code = "schema-unknown"
    title = "Schema unknown"
    remedy = "Run the release that made it, or use another database."


class SettingsError(CortexError):
    """The settings do not allow a start."""

    code = "invalid-settings"
    title = "Invalid settings"
    remedy = "Correct each setting that is named."
    severity = "error"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class TurnAbandonedError(CortexError):
    """The answer was begun several times and never finished."""

    code = "turn-abandoned"
    title = "Turn abandoned"
    remedy = "Post the message again; if this repeats, report it to the operator."
    severity = "error"


class InternalError(CortexError):
    """Something broke that nobody planned for."""

    severity = "error"

    def __init__(self, incident: str) -> None:
        super().__init__(f"Something broke that nobody planned for. Incident: {incident}")
        self.incident = incident


def catalogue() -> Iterator[type[CortexError]]:
    """Yield every named error, each code once."""
    waiting: list[type[CortexError]] = [*CortexError.__subclasses__()]
    while waiting:
        entry = waiting.pop(0)
        yield entry
        waiting.extend(entry.__subclasses__())
