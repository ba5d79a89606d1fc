"""The page of all errors: the catalogue, as people read it."""

from __future__ import annotations

from html import escape
from typing import Final

from cortex_adapters.litestar.explained import explain
from cortex_adapters.litestar.pages.markup import code, link, page, root, text
from cortex_core.domain.errors import CortexError, catalogue

_ABOUT: Final = (
    "An answer that is an error is a problem document (RFC 9457). Its `code` is one of these, for"
    " good; its `type` leads here. `detail` says what happened this time, and `correlation_id` is"
    " what the operator of the server needs to find it in the log. In development `cause` says what"
    " failed, in its own words, where the failure is the server's."
)


def errors_page(url: str) -> str:
    """Return the page of all errors of the server at *url*; the code of each is its anchor."""
    kinds = sorted(catalogue(), key=lambda kind: kind.code)
    items = "".join(f"<li>{link('#' + kind.code, escape(kind.code))}</li>" for kind in kinds)
    nav = f'<a class="home" href="{escape(root(url))}/docs">Cortex Core</a>'
    nav += f"{link('#', 'Errors')}<ul>{items}</ul>"
    main = f"<h1>Errors</h1><p>{text(_ABOUT)}</p>{''.join(map(_error, kinds))}"
    return page("Errors - Cortex Core", nav=nav, main=main)


def error_page(url: str, kind: type[CortexError]) -> str:
    """Return the page of one error."""
    nav = f'<a class="home" href="{escape(root(url))}/docs">Cortex Core</a>'
    nav += link(f"{root(url)}/docs/errors", "Errors")
    return page(f"{kind.title} - Cortex Core", nav=nav, main=_error(kind))


def _error(kind: type[CortexError]) -> str:
    entry = explain(kind)
    again = "yes, after the time in Retry-After" if entry.retryable else "no"
    operator = f"<dt>The operator</dt><dd>{text(entry.operator)}</dd>" if entry.operator else ""
    return (
        f'<section class="error" id="{entry.code}"><h3>{escape(entry.title)}{code(entry.code)}</h3>'
        f"<p>{text(entry.meaning)}</p>"
        f"<dl><dt>What to do</dt><dd>{text(entry.remedy)}</dd>{operator}"
        f"<dt>Worth trying again</dt><dd>{again}</dd>"
        f"<dt>HTTP status</dt><dd>{text(entry.answered)}</dd></dl>"
        "</section>"
    )
