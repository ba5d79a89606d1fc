"""What the operations share: subjects, headers, credentials, and a word about the whole."""

from __future__ import annotations

from typing import Final

from cortex_adapters.litestar.call import MAX_BODY
from cortex_adapters.litestar.config import WebConfig
from cortex_adapters.litestar.cookies import SESSION
from cortex_adapters.litestar.openapi.tree import Json
from cortex_adapters.litestar.strict_json import MAX_DEPTH

TAGS: Final = {
    "identity": "Where credentials come from.",
    "sign-on": "Browsers sign on and off; a cookie holds their session meanwhile.",
    "users": "The caller's own user.",
    "workspaces": "Places for conversations, and who belongs to them.",
    "conversations": "Threads of messages, and who was added to them by name.",
    "messages": "What is said.",
    "events": "What happened in a conversation: live, and as a log.",
    "health": "How the server is.",
    "docs": "This description, for programs and for people.",
}

HEADERS: Final[dict[str, Json]] = {
    "X-Correlation-ID": {
        "description": "The word that ties this answer to the server's own log.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "ETag": {
        "description": "The version (RFC 9110 section 8.8.3), for If-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
        "example": '"1"',
    },
    "Location": {
        "description": "Where it is, or where to go on.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Seconds to wait (RFC 9110 section 10.2.3); there if `retryable` is true.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": (
            "How to authenticate (RFC 6750 section 3, RFC 9728 section 5.1, RFC 9449 section 7.1);"
            " there unless the caller only lacks a role."
        ),
        "schema": {"type": "string", "pattern": "^(Bearer|DPoP) "},
    },
    "DPoP-Nonce": {
        "description": "The nonce for the next proof (RFC 9449 section 9), where one is needed.",
        "schema": {"type": "string", "pattern": "^[!#-\\[\\]-~]+$"},
    },
}

PARAMETERS: Final[dict[str, Json]] = {
    "X-Correlation-ID": {
        "name": "X-Correlation-ID",
        "in": "header",
        "description": (
            "A word of your own for the logs: letters, digits, `.`, `_` and `-`, at most 64."
            " Anything else is replaced."
        ),
        "schema": {"type": "string"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "The `ETag` of the version to change, or `*` for any (RFC 9110 section 13.1.1)."
            " Refused with 412 if it has changed in the meantime."
        ),
        "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,18}")$'},
    },
    "Last-Event-ID": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": (
            "The id of the last event that was received: the stream goes on right after it."
            " An id of another history begins with a `reset`."
        ),
        "schema": {"type": "string"},
    },
}

_DESCRIPTION: Final = f"""\
The back end of an assistant platform: people and machines sign in, open workspaces, hold
conversations, post messages, and watch what happens live.

**Bodies** are strict JSON (RFC 8259) in UTF-8, at most {MAX_BODY // 1024} KiB and {MAX_DEPTH}
levels deep. Duplicate names and unknown fields are refused. A `PATCH` is a JSON merge patch
(RFC 7396): what is left out stays as it is, `null` goes back to the default.

**Lists** come in pages: pass `next_cursor` back as `cursor` until it is null.

**Versions** come as `ETag`; send one back as `If-Match`, and the change is refused if somebody
else was faster.

**Errors** are problems (RFC 9457). `code` names the kind and never changes, `type` leads to its
entry in the [catalogue of errors]({{errors}}), `errors` names each field that is wrong by a JSON
Pointer.

**Rights.** A permission comes with the access token, a role with membership in a workspace; both
must allow. What a caller may not see is answered 404, what it may see but not do 403.

Any other path is answered 404, any other method 405 with a complete `Allow`. `OPTIONS` says what
a path allows.
"""


def about(config: WebConfig) -> Json:
    """Return the info object."""
    return {
        "title": "Cortex Core",
        "summary": "The back end of an assistant platform.",
        "version": config.version,
        "description": _DESCRIPTION.replace("{errors}", f"{config.docs_url}/errors"),
        "license": {"name": "MIT", "identifier": "MIT"},
    }


def security(config: WebConfig) -> Json:
    """Return the security schemes."""
    got = (
        "In development anybody gets one from `POST /auth/dev/token`."
        if config.development
        else f"Tokens are issued by {config.issuer}."
    )
    bound = (
        " A token that is bound to a key is sent with the scheme DPoP, and with a proof in the"
        " header `DPoP` (RFC 9449)."
        if config.proof_algorithms
        else ""
    )
    schemes: Json = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                f"An access token for the audience `{config.audience}` (RFC 6750, RFC 9068). {got}"
                f" What each operation needs beside it is among the token's `permissions`.{bound}"
            ),
        }
    }
    if config.sign_on:
        schemes["session"] = {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION,
            "description": (
                "The session of a browser that signed on at `/auth/login`, instead of a token and"
                " never beside one. Pages of other origins cannot write with it."
            ),
        }
    return schemes
