"""Signing on and off with a browser; there where sign-on is configured."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from litestar import Response, get, post
from litestar.datastructures import Cookie

from cortex_adapters.litestar import cookies
from cortex_adapters.litestar.answers import nothing
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.cross_origin import origin_of, require_own_page
from cortex_adapters.litestar.errors import problem_to
from cortex_adapters.litestar.operations import Operation, Query, describe
from cortex_adapters.litestar.pages.sign_on import failed_page, home_page
from cortex_adapters.litestar.pages.style import content_security_policy
from cortex_adapters.litestar.refused import note_refusal
from cortex_core.domain.errors import (
    CortexError,
    CrossOriginError,
    IdentityUnavailableError,
    InvalidInputError,
    MalformedCredentialError,
    SignOnFailedError,
    UnauthenticatedError,
)

TAG: Final = "sign-on"
HTML: Final = "text/html"
MOST_PARAMETERS: Final = 32
RETURN_TO: Final = Query(
    name="return_to",
    description="The path to go to afterwards, on this server.",
    schema={
        "type": "string",
        "pattern": r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$",
        "maxLength": 1024,
        "default": "/",
    },
)


@get(
    "/",
    opt=describe(
        Operation(
            summary="Who is signed on in this browser, for people",
            tag=TAG,
            answer=str,
            media_type=HTML,
            public=True,
        )
    ),
)
async def home(request: Call) -> Response[bytes]:
    config = request.app.state.config
    # Signing off leads on to the provider.
    forms = f"'self' {origin_of(config.issuer)}"
    return _page(home_page(await _name(request), config.public_url), forms=forms)


@get(
    "/auth/login",
    status_code=303,
    opt=describe(
        Operation(
            summary="Sign on: go to the identity provider",
            tag=TAG,
            status=303,
            location=True,
            query=(RETURN_TO,),
            public=True,
            errors=(InvalidInputError, IdentityUnavailableError),
        )
    ),
)
async def login(request: Call) -> Response[bytes]:
    headers = list(request.scope["headers"])
    return_to = request.arguments().get("return_to", "/")
    try:
        attempt = await request.browsers.begin(return_to)
    except CortexError as error:
        if not _for_people(headers):
            raise
        return _failed(request, error)
    seconds = (attempt.expires_at - request.cortex.ports.clock()).total_seconds()
    kept = cookies.attempt_cookie(attempt.state, attempt.sealed, seconds=int(seconds))
    return _see_other(attempt.url, kept, *cookies.no_more_attempts(headers))


@get(
    "/auth/callback",
    status_code=303,
    opt=describe(
        Operation(
            summary="Come back from the identity provider, with what it answered",
            tag=TAG,
            status=303,
            location=True,
            public=True,
            errors=(SignOnFailedError, IdentityUnavailableError),
        )
    ),
)
async def callback(request: Call) -> Response[bytes]:
    headers = list(request.scope["headers"])
    query = request.scope["query_string"].decode("latin-1")
    given: dict[str, str] = {}
    state = ""
    try:
        if query.count("&") >= MOST_PARAMETERS:
            raise SignOnFailedError("many")
        pairs = parse_qsl(query)
        given = dict(pairs)
        state = given.get("state", "")
        if len(given) < len(pairs):
            raise SignOnFailedError("repeated")  # RFC 6749 section 3.1
        browser = await request.browsers.finish(
            given, cookies.attempt_of(headers, state), before=cookies.session_of(headers)
        )
    except CortexError as error:
        if isinstance(error, SignOnFailedError):
            request.cortex.ports.telemetry.log("sign_on.failed", reason=error.reason)
        if not _for_people(headers):
            raise
        return _failed(request, error)
    seconds = (browser.expires_at - request.cortex.ports.clock()).total_seconds()
    return _see_other(
        browser.return_to,
        cookies.session_cookie(browser.secret, seconds=int(seconds)),
        cookies.no_attempt(state),
    )


@post(
    "/auth/logout",
    status_code=303,
    opt=describe(
        Operation(
            summary="Sign off, here and with the identity provider",
            tag=TAG,
            status=303,
            location=True,
            public=True,
            errors=(CrossOriginError,),
        )
    ),
)
async def logout(request: Call) -> Response[bytes]:
    headers = list(request.scope["headers"])
    require_own_page(request.method, headers, request.app.state.config.public_url)
    secret = cookies.session_of(headers)
    target = "/"
    if secret is not None:
        try:
            target = await request.browsers.leave(secret)
        except (UnauthenticatedError, IdentityUnavailableError):
            target = "/"  # There is no session, or nobody to sign off with: ours has ended.
    return _see_other(target, cookies.no_session())


@post(
    "/auth/backchannel-logout",
    status_code=204,
    opt=describe(
        Operation(
            summary="Hear from the identity provider, in `logout_token`, that sessions have ended",
            tag=TAG,
            status=204,
            form=True,
            public=True,
            errors=(IdentityUnavailableError,),
        )
    ),
)
async def backchannel_logout(request: Call) -> Response[None]:
    form = await request.form_fields()
    await request.browsers.hear(form.get("logout_token", ""))
    return nothing()


async def _name(request: Call) -> str | None:
    """Return what the person is called whose browser this is, None where nobody is signed on."""
    try:
        secret = cookies.session_of(list(request.scope["headers"]))
        if secret is None:
            return None
        user = (await request.cortex.users.me(await request.browsers.authenticate(secret))).user
    except (MalformedCredentialError, UnauthenticatedError):
        return None
    return user.name or user.email or user.subject


def _for_people(headers: list[tuple[bytes, bytes]]) -> bool:
    return b"text/html" in b",".join(value for name, value in headers if name == b"accept")


def _see_other(target: str, *kept: Cookie) -> Response[bytes]:
    headers = {"location": target}
    return Response(b"", status_code=303, media_type=HTML, headers=headers, cookies=kept)


def _failed(request: Call, error: CortexError) -> Response[bytes]:
    note_refusal(request, error)
    problem = problem_to(request, error)
    page = failed_page(problem, request.app.state.config.public_url)
    return _page(page, status=problem.status)


def _page(page: str, *, status: int = 200, forms: str = "'none'") -> Response[bytes]:
    headers = {"content-security-policy": content_security_policy(forms=forms)}
    return Response(page.encode(), status_code=status, media_type=HTML, headers=headers)


handlers = [home, login, callback, logout, backchannel_logout]
