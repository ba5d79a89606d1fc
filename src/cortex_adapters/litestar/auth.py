"""Proves the caller of every route that is not public, before its handler runs."""

from __future__ import annotations

import re
from typing import Final, cast

from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec.structs import replace

from cortex_adapters.litestar.cookies import session_of
from cortex_adapters.litestar.cross_origin import require_own_page
from cortex_adapters.litestar.operations import Operation
from cortex_adapters.litestar.proofs import giving_nonces, proof_of
from cortex_core import Cortex, Principal
from cortex_core.domain.errors import (
    MalformedCredentialError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from cortex_core.ports import Credential, Scheme

# RFC 6750 section 2.1 and RFC 9110 section 11.6.2: a scheme, one space, one b64token.
_HEADER: Final = re.compile(rb"([A-Za-z][A-Za-z0-9-]*) (.+)", re.DOTALL)
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/-]+=*")
_SCHEMES: Final[dict[bytes, Scheme]] = {b"bearer": "Bearer", b"dpop": "DPoP"}


def credential_of(headers: list[tuple[bytes, bytes]]) -> Credential:
    """Return the one credential in *headers*.

    Raises:
        UnauthenticatedError: There is none.
        MalformedCredentialError: There are several, or it cannot be read.
    """
    found = [value for name, value in headers if name == b"authorization"]
    if not found:
        raise UnauthenticatedError(missing=True)
    if len(found) > 1:
        raise MalformedCredentialError("header-repeated")
    match = _HEADER.fullmatch(found[0])
    if match is None:
        raise MalformedCredentialError
    scheme = _SCHEMES.get(match[1].lower())
    if scheme is None:
        # RFC 6750 section 3.1: who asks in another way is told of no error.
        raise UnauthenticatedError("scheme-unknown", missing=True)
    if not _TOKEN.fullmatch(match[2]):
        raise MalformedCredentialError
    return Credential(scheme=scheme, token=match[2].decode("ascii"))


def authentication(app: ASGIApp) -> ASGIApp:
    """Wrap *app*: prove the caller, and put the principal where handlers find it."""

    async def authenticate(scope: Scope, receive: Receive, send: Send) -> None:
        operation: Operation | None = scope["route_handler"].opt.get("operation")
        # OPTIONS is the framework's own; any other route that says nothing of itself is not public.
        public = scope.get("method") == "OPTIONS" if operation is None else operation.public
        if operation is not None and operation.scrape and _may_scrape(scope):
            scope["state"]["scrapes"] = True
            public = True
        if not public:
            principal = scope["user"] = await _principal(scope)
            if principal.binding is not None:
                nonce = scope["litestar_app"].state.service.proof_nonce
                send = send if nonce is None else giving_nonces(send, nonce)
            if operation is None or operation.closed:
                raise PermissionDeniedError("This is open to nobody.")
        await app(scope, receive, send)

    return authenticate


def _may_scrape(scope: Scope) -> bool:
    """Say whether the caller shows the token for metrics, or none is needed here."""
    state = scope["litestar_app"].state
    if state.config.development:
        return True
    shown = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = shown[0].partition(b" ") if len(shown) == 1 else (b"", b"", b"")
    may: bool = scheme.lower() == b"bearer" and state.service.may_scrape(token)
    return may


async def _principal(scope: Scope) -> Principal:
    """Return who calls: with a credential, or with a browser that has signed on, never both."""
    state = scope["litestar_app"].state
    cortex = cast("Cortex", state.service.cortex)
    headers = list(scope["headers"])
    secret = session_of(headers) if cortex.browsers else None
    if cortex.browsers is None or secret is None:
        credential = credential_of(headers)
        if credential.scheme == "DPoP":
            credential = replace(credential, proof=proof_of(scope, state.config.public_url))
        return await cortex.ports.identity.authenticate(credential)
    if any(name == b"authorization" for name, _ in headers):
        raise MalformedCredentialError("two-credentials")
    require_own_page(str(scope.get("method")), headers, state.config.public_url)
    return await cortex.browsers.authenticate(secret)
