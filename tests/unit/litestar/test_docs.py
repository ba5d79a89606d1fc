"""The pages for people: whole, and with nothing from other hosts."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from cortex_adapters.litestar.pages.errors import errors_page
from cortex_adapters.litestar.pages.markup import text
from cortex_core.domain.errors import catalogue
from tests.unit.litestar.asgi import Answer, Client

PAGES = ("/docs", "/docs/errors")


class Reader(HTMLParser):
    """Notes what a page holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = dict(attrs)
        self.anchors.add(named.get("id") or "")
        self.links |= {named[name] or "" for name in ("href", "src") if name in named}


async def _page(api: Client, path: str) -> tuple[Answer, Reader]:
    answer = await api.get(path)
    assert answer.status == 200
    assert answer.header("content-type") == "text/html; charset=utf-8"
    return answer, Reader(answer.body.decode())


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_from_anywhere(api: Client, path: str) -> None:
    answer, page = await _page(api, path)
    assert page.links
    assert all(link.startswith(("/", "#")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.anchors
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    style = re.search("<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.header("content-security-policy") or ""
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


async def test_each_error_has_its_place(api: Client) -> None:
    _, page = await _page(api, "/docs/errors")
    assert {error.code for error in catalogue()} <= page.anchors


async def test_each_operation_is_told_and_each_code_leads_somewhere(api: Client) -> None:
    _, page = await _page(api, "/docs")
    _, errors = await _page(api, "/docs/errors")
    document = (await api.get("/openapi.json")).json()
    operations = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert operations <= page.anchors
    codes = {link.partition("#")[2] for link in page.links if link.startswith("/docs/errors#")}
    assert codes
    assert codes <= errors.anchors


async def test_an_operation_says_what_it_needs_takes_and_answers(api: Client) -> None:
    page = (await api.get("/docs")).body.decode()
    told = page.partition('id="workspaces_change"')[2].partition("</details>")[0]
    for words in (
        "write:workspaces",
        "curl -X PATCH",
        "/v1/workspaces/$workspace_id",
        "If-Match",
        "application/merge-patch+json",
        "1 to 100 characters; not blank",
        'href="/docs/errors#stale-version"',
        'href="#thing-Workspace"',
    ):
        assert words in told
    assert "Public: needs no credential" in page.partition('id="health_live"')[2]


def test_a_server_below_a_path_links_below_it() -> None:
    assert 'href="/cortex/docs"' in errors_page("https://example.com/cortex")
    assert 'href="/docs"' in errors_page("https://example.com")


def test_text_is_never_markup() -> None:
    assert text("<b>`&`</b> **x**") == ("&lt;b&gt;<code>&amp;</code>&lt;/b&gt; <strong>x</strong>")
