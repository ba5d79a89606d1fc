"""Small words of HTML: text, links, tables, and the frame around a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import urlsplit

from cortex_adapters.litestar.pages.style import STYLE

_CODE: Final = re.compile(r"`([^`]+)`")
_BOLD: Final = re.compile(r"\*\*([^*]+)\*\*")
_WORD: Final = re.compile(r"\*(\w+)\*")
_LINK: Final = re.compile(r"\[([^]]+)]\(([^)]+)\)")


def root(url: str) -> str:
    """Return what the paths of a server at *url* begin with."""
    return urlsplit(url).path.rstrip("/")


def text(markdown: str) -> str:
    """Return *markdown* as HTML: only `code`, **bold**, *words* and [links](to) are known."""
    html = _CODE.sub(r"<code>\1</code>", escape(markdown))
    html = _WORD.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", html))
    return _LINK.sub(r'<a href="\2">\1</a>', html)


def code(words: str) -> str:
    """Return *words* as code."""
    return f"<code>{escape(words)}</code>"


def path(words: str) -> str:
    """Return a path as code that may break after each slash."""
    return f"<code>{escape(words).replace('/', '/<wbr>')}</code>"


def link(target: str, html: str) -> str:
    """Return a link to *target* that shows *html*."""
    return f'<a href="{escape(target)}">{html}</a>'


def block(words: str) -> str:
    """Return *words* as a block of code, which scrolls by itself."""
    return f'<pre tabindex="0"><code>{escape(words)}</code></pre>'


def table(kind: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of HTML cells, nothing where there are no rows.

    Each cell carries its heading, for screens too narrow for columns.
    """
    heads = [*head]
    body = "".join(f"<tr>{''.join(map(_cell, heads, row))}</tr>" for row in rows)
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    if not body:
        return ""
    return f'<table class="{kind}"><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>'


def _cell(head: str, html: str) -> str:
    return f'<td data-head="{escape(head)}">{html}</td>'


def page(title: str, *, nav: str, main: str) -> str:
    """Return a whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f'<body><nav aria-label="Contents">{nav}</nav><main>{main}</main></body></html>'
    )
