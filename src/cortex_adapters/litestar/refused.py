"""Callers who are not believed: a line in the log and a count for each, with its reason."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request

from cortex_core import Principal
from cortex_core.domain import errors
from cortex_core.domain.errors import CortexError
from cortex_core.domain.refusals import Reason, known
from cortex_core.ports import Telemetry

HINTS: Final[dict[Reason, str]] = {
    "opaque": "From Auth0 this is a token that was asked for without an audience.",
    "audience": "Compare the audience that clients ask for with CORTEX_AUTH0_AUDIENCE.",
    "issuer": "Compare the domain that clients ask with CORTEX_AUTH0_DOMAIN.",
    "issued-in-future": "Compare this machine's clock with the time.",
    "proof-date": "Compare this machine's clock with the time.",
    "proof-uri": "Compare the address that clients use with CORTEX_PUBLIC_URL.",
    "cross-origin": "Compare the address that browsers use with CORTEX_PUBLIC_URL.",
    "algorithm": "The tenant's API must sign with RS256.",
}
"""What its operator may look at first, where a good client is refused."""


def reason_of(error: CortexError) -> Reason | None:
    """Return why *error* does not believe the caller, None where that is not what it says."""
    match error:
        case errors.UnauthenticatedError() | errors.MalformedCredentialError():
            return known(error.reason)
        case errors.CrossOriginError():
            return "cross-origin"
        case errors.UserDisabledError():
            return "user-disabled"
        case _:
            return None


def note_refusal(request: Request[Any, Any, Any], error: CortexError) -> None:
    """Log and count *error*, if that is what ends *request* and it is a refusal of the caller.

    Nothing of the credential is told: the reason is a word of ours, the issuer one of those that
    are trusted here.
    """
    reason = reason_of(error)
    if reason is not None:
        telemetry: Telemetry = request.app.state.service.cortex.ports.telemetry
        issuer = _issuer(request, error)
        telemetry.count("cortex.identity.refused", reason=reason, issuer=issuer)
        hint = HINTS.get(reason, "")
        telemetry.log("identity.refused", reason=reason, issuer=issuer, hint=hint)


def _issuer(request: Request[Any, Any, Any], error: CortexError) -> str:
    """Return who vouches for the caller, as far as the caller was believed."""
    if isinstance(error, errors.UnauthenticatedError) and error.issuer:
        return error.issuer
    principal = request.scope.get("user")
    return principal.issuer if isinstance(principal, Principal) else ""
