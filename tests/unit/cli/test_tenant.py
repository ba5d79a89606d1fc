"""`cortex check` asks the tenant, as a server would."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cortex_adapters.cli.tenant import told
from cortex_adapters.server import Asked
from tests.unit.auth0.forge import jwk
from tests.unit.cli.conftest import Cortex

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"
Pages = Mapping[str, object]
AUDIENCE = "https://cortex.example/api"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        pages: Pages = self.server.pages  # type: ignore[attr-defined]  # put there below
        found = pages.get(self.path)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        pass


@contextmanager
def tenant(**changes: object) -> Iterator[str]:
    """Run a tenant that is well but for *changes*: of its metadata, or the whole of a page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        metadata: dict[str, object] = {"issuer": f"{url}/", "jwks_uri": f"{url}{KEYS}"}
        metadata |= {name: text for name, text in changes.items() if name in metadata}
        server.pages = {  # type: ignore[attr-defined]  # what the handler above gives
            DISCOVERY: changes.get("metadata", metadata),
            KEYS: changes.get("keys", {"keys": [jwk()]}),
        }
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def check(cortex: Cortex) -> Callable[..., tuple[int, list[tuple[bool, str]]]]:
    """Check with a tenant of these domains; return the exit code, and what is said of each."""

    def checked(*domains: str, arguments: tuple[str, ...] = (), **settings: str):
        given = {"auth0_domain": ",".join(domains), "auth0_audience": AUDIENCE, **settings}
        code, out, err = cortex("check", "--json", *arguments, **given)
        assert err == ""
        found = json.loads(out)
        return code, [(each["ok"], each["detail"]) for each in found if each["check"] == "tenant"]

    return checked


Check = Callable[..., tuple[int, list[tuple[bool, str]]]]


def test_a_tenant_that_is_well_says_how_many_keys_it_has(check: Check):
    with tenant() as one, tenant(keys={"keys": [jwk(), jwk("next")]}) as other:
        code, said = check(one, other)
    assert code == 0
    assert said == [(True, f"{one}/ has 1 usable key"), (True, f"{other}/ has 2 usable keys")]


def test_without_a_tenant_nobody_is_asked(cortex: Cortex):
    code, out, _ = cortex("check")
    assert code == 0
    assert "tenant" not in out


def test_offline_nobody_is_asked(check: Check):
    assert check("nowhere.invalid", arguments=("--offline",)) == (0, [])


WRONG: list[tuple[dict[str, object], str, str]] = [
    (
        {"issuer": "https://other.example/"},
        "is not the name that the tenant gives itself: https://other.example/.",
        "Let CORTEX_AUTH0_DOMAIN name the tenant's own domain",
    ),
    (
        {"issuer": "evil\x1b[2J"},
        "is not the name that the tenant gives itself.",
        "Let CORTEX_AUTH0_DOMAIN",
    ),
    (
        {"jwks_uri": "https://elsewhere.example/keys"},
        "names no place for its keys at its own origin: https://elsewhere.example/keys.",
        "Let CORTEX_AUTH0_DOMAIN name the domain at which",
    ),
    ({"jwks_uri": None}, "names no place for its keys at its own origin.", "CORTEX_AUTH0_DOMAIN"),
    ({"keys": {"keys": []}}, "publishes no key that could be used here.", "RS256"),
    ({"keys": {"keys": [jwk(kty="oct")]}}, "publishes no key that could be used here.", "RS256"),
    ({"metadata": b"<html>"}, "answers with something that is no JSON object.", "a proxy"),
    ({"metadata": None}, "has no such document.", "Compare CORTEX_AUTH0_DOMAIN"),
]


@pytest.mark.parametrize(("changes", "means", "remedy"), WRONG)
def test_what_is_wrong_is_said_with_its_remedy(
    check: Check, changes: dict[str, object], means: str, remedy: str
):
    with tenant(**changes) as url:
        code, [(ok, detail)] = check(url)
    assert (code, ok) == (1, False)
    assert detail.startswith(f"{url}/ {means}")
    assert remedy in detail
    assert "\x1b" not in detail


def test_all_that_is_wrong_is_listed_at_once_and_nobody_is_waited_for_longer_than_a_server_does(
    check: Check, cortex: Cortex
):
    with ExitStack() as stack:
        silent = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        closed = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        urls = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in (silent, closed)]
        closed.close()
        urls.append(stack.enter_context(tenant(keys={"keys": []})))
        away = "postgresql://127.0.0.1:1/x"
        settings = {"auth0_domain": ",".join(urls), "auth0_audience": AUDIENCE}
        code, out, _ = cortex("check", database_url=away, **settings)
    assert code == 1
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["settings", "ok"],
        ["database", "FAIL"],
        *[["tenant", "FAIL"]] * 3,
    ]
    slow, refused, keyless = out.splitlines()[2:]
    assert "does not answer in time. " in slow
    assert "cannot be reached. (" in refused, "in development the cause is shown, too"
    assert "publishes no key" in keyless


def test_the_cause_is_shown_in_development_only(check: Check):
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    asked = Asked(issuer=f"{url}/", reason="unreachable", cause="[Errno 111] Connection refused")
    assert "Errno" in told(asked, cause=True)
    assert "Errno" not in told(asked, cause=False)
    assert check(url)[0] == 1


def test_any_status_is_told():
    for status in (404, 429, 500, 503, 301):
        said = told(Asked(issuer="https://x.example/", reason=f"status-{status}"), cause=False)
        assert said.startswith("https://x.example/ ")
        assert "{" not in said
    assert "status 503" in told(Asked(issuer="i", reason="status-503"), cause=False)


def test_where_settings_are_wrong_nobody_is_asked(check: Check):
    code, said = check("tenant.invalid", port="x")
    assert (code, said) == (2, [])
