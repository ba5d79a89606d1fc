"""What is asked is not well formed, or breaks a rule."""

from __future__ import annotations

from typing import ClassVar

from cortex_core.domain.errors.base import Category, CortexError, Fault


class InvalidInputError(CortexError):
    """A field breaks a rule; each fault names the field and what is allowed."""

    code = "invalid-input"
    title = "Invalid input"
    remedy = "Correct the fields named in errors and send the request again."
    category = "validation"

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults))


class MalformedError(CortexError):
    """The request cannot be read: it is not the well-formed text that was expected."""

    code = "malformed-request"
    title = "Malformed request"
    remedy = (
        "Correct what the detail names. A body is well-formed UTF-8 JSON without duplicate names, "
        "at most 64 levels deep."
    )
    category: ClassVar[Category] = "validation"


class InvalidCursorError(CortexError):
    """The cursor was not issued for this list, or was altered."""

    code = "invalid-cursor"
    title = "Invalid cursor"
    remedy = "Start again without a cursor, and pass cursors back unchanged."
    category = "validation"


class TooLargeError(CortexError):
    """The request is larger than is accepted."""

    code = "too-large"
    title = "Too large"
    remedy = "Send a smaller request."
    category = "validation"


class UnsupportedFormatError(CortexError):
    """The body is not in a format that is accepted here."""

    code = "unsupported-format"
    title = "Unsupported format"
    remedy = "Send the body as application/json."
    category = "validation"


class NotAcceptableError(CortexError):
    """The answer is not available in any of the formats that were asked for."""

    code = "not-acceptable"
    title = "Not acceptable"
    remedy = "Ask for one of the formats that the documentation names."
    category = "validation"


class MethodNotAllowedError(CortexError):
    """The resource exists but does not know this method."""

    code = "method-not-allowed"
    title = "Method not allowed"
    remedy = "Use one of the methods in Allow."
    category = "validation"


class TooSlowError(CortexError):
    """The request took too long to arrive, and nothing of it was done."""

    code = "too-slow"
    title = "Too slow"
    remedy = "Send the whole request again, over a better connection or in smaller parts."
    category = "validation"
