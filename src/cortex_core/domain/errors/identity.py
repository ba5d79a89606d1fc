"""Who calls is not known, or may not do this."""

from __future__ import annotations

from typing import ClassVar

from cortex_core.domain.errors.base import CortexError
from cortex_core.domain.errors.validation import MalformedError


class MalformedCredentialError(MalformedError):
    """The credential cannot be read: exactly one is accepted, in the Authorization header."""

    # The caller never sees `reason`: it is for our own log.
    code = "malformed-credential"
    title = "Malformed credential"
    remedy = "Send one Authorization header: Bearer, a space, and the token."
    category = "authentication"
    operator = "Look at `identity.refused` in the log: its `reason` says why."

    def __init__(self, reason: str = "header") -> None:
        super().__init__()
        self.reason = reason


class UnauthenticatedError(CortexError):
    """The credential is missing, expired or not one of ours."""

    # The caller never sees `reason`, a word of `domain.refusals`, nor `issuer`, who is said to
    # vouch for the caller and is trusted here: they are for our own log.
    code = "unauthenticated"
    title = "Unauthenticated"
    remedy = "Get a new access token and send it as a Bearer credential."
    category = "authentication"
    operator = "Look at `identity.refused` in the log: its `reason` says why."
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
    operator = ""
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
    category = "authentication"
    operator = "Look at `sign_on.failed` in the log: its `reason` says why."

    def __init__(self, reason: str = "") -> None:
        super().__init__()
        self.reason = reason


class PermissionDeniedError(CortexError):
    """The caller is known but may not do this."""

    code = "permission-denied"
    title = "Permission denied"
    remedy = "Ask for the permission or the role that detail names."
    category = "authorization"

    def __init__(self, detail: str = "", *, permission: str = "") -> None:
        super().__init__(detail)
        self.permission = permission


class CrossOriginError(PermissionDeniedError):
    """A page of another origin may not use the browser's session."""

    code = "cross-origin"
    title = "Cross-origin request"
    remedy = "Call from a page of this server, or with an access token instead of the cookie."
    operator = "Compare `CORTEX_PUBLIC_URL` with the address that browsers use."


class UserDisabledError(PermissionDeniedError):
    """The caller's account has been disabled."""

    code = "user-disabled"
    title = "User disabled"
    remedy = "Ask an administrator to enable the account."
    operator = "`cortex users enable` lets them in again."
