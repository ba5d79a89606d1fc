"""The pages on which the local issuer signs browsers on; in development only."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from litestar import Response, get, post

from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.cross_origin import require_own_page
from cortex_adapters.litestar.operations import Operation, describe
from cortex_adapters.litestar.pages.sign_on import asking_page, signed_off_page
from cortex_adapters.litestar.pages.style import content_security_policy
from cortex_core.domain.errors import CrossOriginError, IdentityUnavailableError

TAG: Final = "sign-on"
HTML: Final = "text/html"


@get(
    "/auth/dev/authorize",
    opt=describe(
        Operation(
            summary="The local issuer asks who signs on; in development only",
            tag=TAG,
            answer=str,
            media_type=HTML,
            public=True,
        )
    ),
)
async def ask(request: Call) -> Response[bytes]:
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"))
    return _page(asking_page(dict(asked), request.app.state.config.public_url))


@post(
    "/auth/dev/authorize",
    status_code=303,
    opt=describe(
        Operation(
            summary="Sign on with the local issuer as anybody; in development only",
            tag=TAG,
            status=303,
            location=True,
            form=True,
            public=True,
            errors=(CrossOriginError, IdentityUnavailableError),
        )
    ),
)
async def approve(request: Call) -> Response[bytes]:
    headers = list(request.scope["headers"])
    require_own_page(request.method, headers, request.app.state.config.public_url)
    form = await request.form_fields()
    target = await request.app.state.service.issuer.approve(
        form, email=form.get("email", ""), name=form.get("name", "")
    )
    return Response(b"", status_code=303, media_type=HTML, headers={"location": target})


@get(
    "/auth/dev/signed-off",
    opt=describe(
        Operation(
            summary="The local issuer says that it is done; in development only",
            tag=TAG,
            answer=str,
            media_type=HTML,
            public=True,
        )
    ),
)
async def signed_off(request: Call) -> Response[bytes]:
    return _page(signed_off_page(request.app.state.config.public_url))


def _page(page: str) -> Response[bytes]:
    headers = {"content-security-policy": content_security_policy(forms="'self'")}
    return Response(page.encode(), media_type=HTML, headers=headers)


handlers = [ask, approve, signed_off]
