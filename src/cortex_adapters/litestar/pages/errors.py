"""The page of all errors: the catalogue, as people read it."""

from __future__ import annotations

from html import escape
from typing import Final

from cortex_adapters.litestar.openapi.refusals import HEARD, statuses
from cortex_adapters.litestar.pages.markup import code, link, page, root, text
from cortex_core.domain.errors import CortexError, catalogue

_ELSEWHERE: Final = {
    "invalid-settings": "Never over HTTP: it ends a command, or the start of a server.",
    "lease-lost": "Never over HTTP: it passes between the workers that answer turns.",
    "turn-abandoned": "Not as an answer: it is told in a `turn.failed` event.",
}
_ABOUT: Final = (
    "An answer that is an error is a problem document (RFC 9457). Its `code` is one of these, for"
    " good; its `type` leads here. `detail` says what happened this time, and `correlation_id` is"
    " what the operator of the server needs to find it in the log."
)


def errors_page(url: str) -> str:
    """Return the page of all errors of the server at *url*; the code of each is its anchor."""
    kinds = sorted(catalogue(), key=lambda kind: kind.code)
    items = "".join(f"<li>{link('#' + kind.code, escape(kind.code))}</li>" for kind in kinds)
    nav = f'<a class="home" href="{escape(root(url))}/docs">Cortex Core</a>'
    nav += f"{link('#', 'Errors')}<ul>{items}</ul>"
    main = f"<h1>Errors</h1><p>{text(_ABOUT)}</p>{''.join(map(_error, kinds))}"
    return page("Errors - Cortex Core", nav=nav, main=main)


def _error(kind: type[CortexError]) -> str:
    heard = " or ".join(str(status) for status in statuses(kind))
    status = heard if kind in HEARD else text(_ELSEWHERE[kind.code])
    again = "yes, after the time in Retry-After" if kind.retryable else "no"
    return (
        f'<section class="error" id="{kind.code}"><h3>{escape(kind.title)}{code(kind.code)}</h3>'
        f"<p>{text(kind.meaning())}</p>"
        f"<dl><dt>What to do</dt><dd>{text(kind.remedy)}</dd>"
        f"<dt>Worth trying again</dt><dd>{again}</dd><dt>HTTP status</dt><dd>{status}</dd></dl>"
        "</section>"
    )
