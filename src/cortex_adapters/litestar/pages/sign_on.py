"""The pages that browsers see around signing on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from cortex_adapters.litestar.errors import Problem
from cortex_adapters.litestar.pages.markup import code, link, page, root


def home_page(name: str | None, url: str) -> str:
    """Return the page at the root of the server at *url*, for the person called *name*."""
    base = escape(root(url))
    if name is None:
        main = f"<p>{link(f'{root(url)}/auth/login', 'Sign on')}</p>"
    else:
        main = (
            f"<p>Signed on as <strong>{escape(name)}</strong>.</p>"
            f'<form method="post" action="{base}/auth/logout">'
            '<button type="submit">Sign off</button></form>'
        )
    return _page(
        "Cortex Core", f"{main}<p>{link(f'{root(url)}/docs', 'The HTTP surface')}</p>", url
    )


def failed_page(problem: Problem, url: str) -> str:
    """Return the page for *problem* of the server at *url*; nothing on it came from the browser."""
    main = (
        f"<p>{escape(problem.detail)}</p><p>{_again(url)}</p>"
        f"<p>If this goes on, tell the operator: {code(problem.correlation_id)}</p>"
    )
    return _page(problem.title, main, url)


def asking_page(asked: Mapping[str, str], url: str) -> str:
    """Return the page on which the local issuer asks who signs on, and passes *asked* on."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
        if name not in ("email", "name")
    )
    main = (
        "<p>This is the local issuer, for development: it takes your word.</p>"
        f'<form method="post" action="{escape(root(url))}/auth/dev/authorize">{kept}'
        '<p><label>E-mail <input name="email" type="email" required autofocus'
        ' autocomplete="email"></label></p>'
        '<p><label>Name <input name="name" autocomplete="name"></label></p>'
        '<p><button type="submit">Sign on</button></p></form>'
    )
    return _page("Sign on", main, url)


def signed_off_page(url: str) -> str:
    """Return the page at the end."""
    return _page("Signed off", f"<p>{_again(url)}</p>", url)


def _again(url: str) -> str:
    return link(f"{root(url)}/auth/login", "Sign on again")


def _page(title: str, main: str, url: str) -> str:
    nav = f'<a class="home" href="{escape(root(url))}/docs">Cortex Core</a>'
    return page(title, nav=nav, main=f"<h1>{escape(title)}</h1>{main}")
