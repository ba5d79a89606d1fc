"""Named errors become HTTP answers, here and nowhere else (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from msgspec.structs import replace

from cortex_adapters.litestar.challenges import Challenges
from cortex_adapters.litestar.correlation import correlation_id
from cortex_adapters.litestar.observed import note_code, note_reason
from cortex_adapters.litestar.paths import is_canonical
from cortex_adapters.litestar.proofs import NONCE, is_proving
from cortex_adapters.litestar.refused import note_refusal
from cortex_core.domain import errors
from cortex_core.domain.correlation import urn
from cortex_core.domain.errors import CortexError, Fault

MEDIA_TYPE: Final = "application/problem+json"
MOST_FAULTS: Final = 50
LONGEST: Final = 1_000
"""Characters of what a problem says; a name that a caller made up may have any number."""
_OURS: Final = 500

STATUS: Final[Mapping[type[CortexError], int]] = {
    errors.InvalidInputError: 422,
    errors.MalformedError: 400,
    errors.InvalidCursorError: 400,
    errors.TooLargeError: 413,
    errors.TooSlowError: 408,
    errors.UnsupportedFormatError: 415,
    errors.NotAcceptableError: 406,
    errors.MethodNotAllowedError: 405,
    errors.UnauthenticatedError: 401,
    errors.SignOnFailedError: 400,
    errors.PermissionDeniedError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.StaleVersionError: 412,
    errors.BusyError: 503,
    errors.DeadlineError: 503,
    errors.OverloadedError: 503,
    errors.UnavailableError: 503,
    errors.StorageCorruptError: 503,
    errors.SchemaError: 503,
    errors.MovedError: 503,
    errors.BackupDamagedError: 503,
    errors.ToolMissingError: 503,
    CortexError: 500,
}

# What the framework itself raises, by status; anything else it raises is our fault.
_FRAMEWORK: Final[Mapping[int, type[CortexError]]] = {
    400: errors.MalformedError,
    404: errors.NotFoundError,
    405: errors.MethodNotAllowedError,
    406: errors.NotAcceptableError,
    413: errors.TooLargeError,
    415: errors.UnsupportedFormatError,
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A problem (RFC 9457); `code` names its kind, `errors` the fields that are wrong."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    correlation_id: str
    retryable: bool
    errors: tuple[Fault, ...] = ()
    cause: str | msgspec.UnsetType = msgspec.UNSET
    """What went wrong, in the words of whatever failed: where people develop, and nowhere else."""


def status_of(error: type[CortexError]) -> int:
    """Return the HTTP status that answers *error*."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def problem_of(error: CortexError, *, word: str, docs_url: str, cause: str = "") -> Problem:
    """Return *error* as a problem of the request with the correlation id *word*.

    *cause* is shown where it is our failure, and no caller's.
    """
    if isinstance(error, errors.InvalidInputError) and len(error.faults) > MOST_FAULTS:
        error = errors.InvalidInputError(*error.faults[:MOST_FAULTS])
    status = status_of(type(error))
    return Problem(
        type=f"{docs_url}/errors#{error.code}",
        title=error.title,
        status=status,
        detail=_short(str(error)),
        instance=urn(word),
        code=error.code,
        correlation_id=word,
        retryable=error.retryable,
        errors=tuple(map(_bounded, error.faults))
        if isinstance(error, errors.InvalidInputError)
        else (),
        cause=cause if status >= _OURS and cause not in {"", str(error)} else msgspec.UNSET,
    )


def _bounded(fault: Fault) -> Fault:
    return replace(fault, pointer=_short(fault.pointer), message=_short(fault.message))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def problem_to(request: Request[Any, Any, Any], error: CortexError) -> Problem:
    """Return *error* as it is told in the answer to *request*."""
    state = request.app.state
    return problem_of(
        error,
        word=correlation_id(request.scope),
        docs_url=state.config.docs_url,
        cause=state.service.cause(error),
    )


def note_failure(request: Request[Any, Any, Any], error: CortexError) -> None:
    """Take note of what *request* ended with, for its line in the log."""
    note_code(request.scope, error.code)
    if status_of(type(error)) >= _OURS:
        note_reason(request.scope, request.app.state.service.reason(error))


def unplanned(error: Exception, incident: str) -> errors.InternalError:
    """Return what *error* is to a caller; it stays the cause."""
    internal = errors.InternalError(incident)
    internal.__cause__ = error
    return internal


class ErrorAnswers:
    """Answers every error that leaves a handler or the framework."""

    def __init__(self, *, challenges: Challenges) -> None:
        self._challenges = challenges

    def named(self, request: Request[object, object, State], error: CortexError) -> Response[bytes]:
        """Answer an error of the catalogue."""
        note_failure(request, error)
        note_refusal(request, error)
        problem = problem_to(request, error)
        headers = {"cache-control": "no-store"}
        if error.retryable:
            headers["retry-after"] = str(error.retry_after)
        if asked := self._challenges.to(error, proving=is_proving(request.scope)):
            headers["www-authenticate"] = asked
        if isinstance(error, errors.ProofNonceError):
            headers[NONCE] = error.nonce
        return Response(
            msgspec.json.encode(problem),
            status_code=problem.status,
            headers=headers,
            media_type=MEDIA_TYPE,
        )

    def framework(
        self, request: Request[object, object, State], error: HTTPException
    ) -> Response[bytes]:
        """Answer what the framework refused before or around a handler."""
        kind = _FRAMEWORK.get(error.status_code)
        if kind is None:
            return self.unexpected(request, error)
        if kind is errors.MethodNotAllowedError and not is_canonical(request.scope):
            kind = errors.NotFoundError
        answer = self.named(request, kind())
        if kind is errors.MethodNotAllowedError:  # RFC 9110 section 15.5.6
            answer.headers["allow"] = (error.headers or {}).get("allow", "")
        return answer

    def unexpected(
        self, request: Request[object, object, State], error: Exception
    ) -> Response[bytes]:
        """Answer what nobody planned for; its traceback goes to the operator only."""
        incident = request.app.state.service.cortex.ports.errors.report(error, operation="http")
        return self.named(request, unplanned(error, incident))
