"""Which errors each operation can end in, and how they are answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from cortex_adapters.litestar.errors import MEDIA_TYPE, Problem, problem_of, status_of
from cortex_adapters.litestar.openapi.tree import Json, reference
from cortex_adapters.litestar.operations import CURSOR, Operation
from cortex_core.domain import errors
from cortex_core.domain.errors import CortexError, Fault, catalogue

Refusal = tuple[int, type[CortexError]]

# A lease is between workers, an abandoned turn is told by its event, settings stop the start.
_UNHEARD: Final = {errors.LeaseLostError, errors.SettingsError, errors.TurnAbandonedError}
HEARD: Final[tuple[type[CortexError], ...]] = tuple(
    kind for kind in catalogue() if kind not in _UNHEARD
)
"""The errors that HTTP can answer with."""
CODES: Final = frozenset(kind.code for kind in HEARD)

CORRELATION_ID: Final = "5c0f1f4e-3b60-4c8e-9d0a-64dc0fb8a9f1"

# What is answered below the routes, on the connection, whichever route it was meant for.
_CONNECTION: Final[tuple[Refusal, ...]] = (
    (400, errors.MalformedError),
    (408, errors.TooSlowError),
    (431, errors.TooLargeError),
    (500, errors.InternalError),
    (503, errors.OverloadedError),
    (503, errors.OutcomeUnknownError),
)
_IDENTITY: Final = (
    errors.MalformedCredentialError,
    errors.UnauthenticatedError,
    errors.ProofRejectedError,
    errors.ProofNonceError,
    errors.IdentityUnavailableError,
)
_CHALLENGED: Final = {
    errors.MalformedCredentialError,
    errors.UnauthenticatedError,
    errors.ProofRejectedError,
    errors.ProofNonceError,
    errors.PermissionDeniedError,
}
_STORAGE: Final = (
    errors.UserDisabledError,
    errors.BusyError,
    errors.CollisionError,
    errors.DeadlineError,
    errors.UnavailableError,
    errors.FrozenError,
    errors.StorageForbiddenError,
    errors.StorageFullError,
    errors.StorageReadOnlyError,
    errors.StorageCorruptError,
)
_BODY: Final = (
    errors.MalformedError,
    errors.TooLargeError,
    errors.UnsupportedFormatError,
    errors.InvalidInputError,
)
_WORDS: Final = {
    400: "The request cannot be read.",
    401: "No credential, or one that is not valid.",
    403: "The caller may not do this.",
    404: "There is no such thing, or none that the caller may see.",
    406: "There is no answer in any of the formats asked for.",
    408: "The request took too long to arrive.",
    409: "In conflict with what is there.",
    412: "It has changed in the meantime.",
    413: "The body is too large.",
    415: "The body is in a format that is not accepted here.",
    422: "A field or a parameter breaks a rule; `errors` names each.",
    431: "The head of the request is too large.",
    500: "Something broke that nobody planned for.",
    503: "Not now; if `retryable`, try again after the time in Retry-After.",
}
_OCCURRENCES: Final[dict[type[CortexError], CortexError]] = {
    errors.InvalidInputError: errors.InvalidInputError(
        Fault("/name", "length", "must have 1 to 100 characters")
    ),
    errors.UnauthenticatedError: errors.UnauthenticatedError(missing=True),
    errors.PermissionDeniedError: errors.PermissionDeniedError(
        "This needs write:workspaces.", permission="write:workspaces"
    ),
    errors.InternalError: errors.InternalError("0b9df5b6-8a1c-4a0e-a5a3-41c4b8a6c0f2"),
}


def errors_of(operation: Operation, path: str) -> Iterator[type[CortexError]]:
    """Yield every error that *operation*, at *path*, can end in by itself."""
    if not operation.public:
        yield from _IDENTITY
        yield errors.CrossOriginError
    if operation.permission:
        yield errors.PermissionDeniedError
    if path.startswith("/v1/"):  # done as a user, who is looked up in the store
        yield from _STORAGE
        yield errors.InvalidInputError  # a parameter that it does not know
        if operation.answer is not None:
            yield errors.NotAcceptableError
    if "{" in path:
        yield errors.NotFoundError
    if operation.body or operation.form:
        yield from _BODY
    if operation.query:
        yield errors.MalformedError
    if CURSOR in operation.query:
        yield errors.InvalidCursorError
    if operation.if_match:
        yield errors.MalformedError
        yield errors.StaleVersionError
    yield from operation.errors


def responses(operation: Operation, path: str) -> Json:
    """Return the answers of *operation* that are problems, by status."""
    refusals = {*_CONNECTION, *((status_of(kind), kind) for kind in errors_of(operation, path))}
    by_status: defaultdict[int, list[type[CortexError]]] = defaultdict(list)
    for status, kind in sorted(refusals, key=lambda refusal: (refusal[0], refusal[1].code)):
        by_status[status].append(kind)
    return {str(status): _response(status, kinds) for status, kinds in by_status.items()}


def examples(docs_url: str) -> Json:
    """Return an example of each problem, under the names that the answers refer to."""
    found = {(status, kind) for kind in HEARD for status in statuses(kind)}
    ordered = sorted(found, key=lambda refusal: (refusal[1].code, refusal[0]))
    return {_example_name(*refusal): _example(*refusal, docs_url) for refusal in ordered}


def statuses(kind: type[CortexError]) -> list[int]:
    """Return the statuses that an error of this *kind* is answered with, its own first."""
    below = {status for status, other in _CONNECTION if other is kind}
    return [status_of(kind), *sorted(below - {status_of(kind)})]


def occurrence(kind: type[CortexError]) -> CortexError:
    """Return an error of this *kind*, as it may occur."""
    return _OCCURRENCES.get(kind) or kind()


def _response(status: int, kinds: list[type[CortexError]]) -> Json:
    names = {kind.code: _example_name(status, kind) for kind in kinds}
    headers: Json = {"X-Correlation-ID": {"$ref": "#/components/headers/X-Correlation-ID"}}
    if _CHALLENGED & {*kinds}:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    if errors.ProofNonceError in kinds:
        headers["DPoP-Nonce"] = {"$ref": "#/components/headers/DPoP-Nonce"}
    if any(kind.retryable for kind in kinds):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    return {
        "description": _WORDS[status],
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": reference("Problem"),
                "examples": {
                    code: {"$ref": f"#/components/examples/{name}"} for code, name in names.items()
                },
            }
        },
    }


def _example_name(status: int, kind: type[CortexError]) -> str:
    return kind.code if status == status_of(kind) else f"{kind.code}-{status}"


def _example(status: int, kind: type[CortexError], docs_url: str) -> Json:
    said: Problem = problem_of(occurrence(kind), word=CORRELATION_ID, docs_url=docs_url)
    value: Any = {**msgspec.to_builtins(said), "status": status}
    return {"summary": kind.title, "value": value}
