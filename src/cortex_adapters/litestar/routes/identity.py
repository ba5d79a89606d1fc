"""What clients need to know about credentials, and tokens in development."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post

from cortex_adapters.litestar.answers import Answer, answer
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.cross_origin import require_own_page
from cortex_adapters.litestar.issuer import Token
from cortex_adapters.litestar.operations import Operation, describe
from cortex_adapters.litestar.proofs import proof_of
from cortex_core.domain.commands import Command
from cortex_core.domain.errors import (
    CrossOriginError,
    IdentityUnavailableError,
    ProofNonceError,
    ProofRejectedError,
)
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.domain.text import UserName

_OF_PAGES: Final = frozenset({b"origin", b"sec-fetch-site"})

Email = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "minLength": 3,
            "maxLength": 254,
            "pattern": r"^[^\s@\u0000-\u001f\u007f]+@[^\s@\u0000-\u001f\u007f]+$",
        }
    ),
]
PermissionName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": sorted(PERMISSIONS)})]


class AskForToken(Command, frozen=True, kw_only=True):
    """Ask the development issuer for a token; all permissions unless some are named.

    With a proof in the header DPoP the token is bound to the proof's key (RFC 9449 section 5).
    """

    email: Email
    name: UserName = ""
    permissions: list[PermissionName] | None = None


class ProtectedResource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Protected resource metadata (RFC 9728 section 2)."""

    resource: str
    authorization_servers: list[str]
    scopes_supported: list[str]
    bearer_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str] | msgspec.UnsetType = msgspec.UNSET
    resource_name: str
    resource_documentation: str


class KeySet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of public keys (RFC 7517 section 5)."""

    keys: list[dict[str, object]]


@get(
    "/.well-known/oauth-protected-resource",
    opt=describe(
        Operation(
            summary="Where to get tokens for this resource (RFC 9728)",
            tag="identity",
            answer=ProtectedResource,
            public=True,
        )
    ),
)
async def protected_resource(request: Call) -> Answer:
    config = request.app.state.config
    return answer(
        ProtectedResource(
            resource=config.audience,
            authorization_servers=[config.issuer],
            scopes_supported=sorted(PERMISSIONS),
            bearer_methods_supported=["header"],
            dpop_signing_alg_values_supported=[*config.proof_algorithms] or msgspec.UNSET,
            resource_name="Cortex Core",
            resource_documentation=config.docs_url,
        )
    )


@post(
    "/auth/dev/token",
    status_code=200,
    opt=describe(
        Operation(
            summary="Get a token of the local issuer; in development only",
            tag="identity",
            answer=Token,
            body=AskForToken,
            public=True,
            errors=(
                CrossOriginError,
                IdentityUnavailableError,
                ProofRejectedError,
                ProofNonceError,
            ),
        )
    ),
)
async def token(request: Call) -> Answer:
    headers = list(request.scope["headers"])
    # A page whose host was made to lead here (DNS rebinding) is of no origin of ours.
    if any(name in _OF_PAGES for name, _ in headers):
        require_own_page(request.method, headers, request.app.state.config.public_url)
    asked = await request.command(AskForToken)
    return answer(
        await request.app.state.service.issuer.token(
            email=asked.email,
            name=asked.name,
            permissions=asked.permissions,
            proof=proof_of(request.scope, request.app.state.config.public_url),
        )
    )


@get(
    "/.well-known/jwks.json",
    opt=describe(
        Operation(
            summary="The local issuer's public keys; in development only",
            tag="identity",
            answer=KeySet,
            public=True,
            errors=(IdentityUnavailableError,),
        )
    ),
)
async def jwks(request: Call) -> Answer:
    return answer(await request.app.state.service.issuer.jwks())


handlers = [protected_resource]
development_handlers = [token, jwks]
