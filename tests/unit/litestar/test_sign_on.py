"""Signing on and off with a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from cortex_adapters.litestar.cookies import ATTEMPT, MOST_ATTEMPTS, SESSION
from cortex_adapters.memory.sign_on import MemorySignOn
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core.contract import make
from cortex_core.domain.commands import ChangeMe
from cortex_core.ports import LogoutNotice
from tests.unit.litestar.asgi import Answer, Client
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Clock, Scene, disable

OWN_PAGE = ("sec-fetch-site", "same-origin")


@dataclass
class Browser:
    """Keeps cookies as browsers do, and follows nothing by itself."""

    api: Client
    jar: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, target: str, *headers: tuple[str, str], body: bytes = b""
    ) -> Answer:
        shown = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        cookie = [("cookie", shown)] if shown else []
        answer = await self.api.ask(method, target, [*headers, *cookie], body)
        for line in answer.all("set-cookie"):
            name, _, rest = line.partition("=")
            if "Max-Age=0" in line:
                self.jar.pop(name, None)
            else:
                self.jar[name] = rest.partition(";")[0]
        return answer

    async def begin(self, return_to: str = "/docs") -> str:
        """Go to the provider, and return the state that it is told."""
        answer = await self.ask("GET", f"/auth/login?return_to={quote(return_to, safe='')}")
        assert answer.status == 303
        return parse_qs(urlsplit(answer.header("location") or "").query)["state"][0]

    async def come_back(self, parameters: dict[str, str]) -> Answer:
        page = ("accept", "text/html,*/*;q=0.8")
        return await self.ask("GET", f"/auth/callback?{urlencode(parameters)}", page)

    @property
    def secret(self) -> str | None:
        return self.jar.get(SESSION)


@pytest.fixture
def browser(api: Client) -> Browser:
    return Browser(api.who(""))


@pytest.fixture
async def signed_on(browser: Browser, sign_on: MemorySignOn, scene: Scene) -> Browser:
    answer = await browser.come_back(sign_on.approve(await browser.begin(), scene.editor))
    assert answer.status == 303
    return browser


async def test_who_has_signed_on_is_a_caller(signed_on: Browser) -> None:
    me = (await signed_on.ask("GET", "/v1/me")).json()
    assert me["user"]["subject"] == "editor"


async def test_coming_back_leads_where_the_browser_wanted_to_go(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    state = await browser.begin("/docs?a=b#c")
    answer = await browser.come_back(sign_on.approve(state, scene.editor))
    assert (answer.status, answer.header("location")) == (303, "/docs?a=b#c")
    assert answer.header("cache-control") == "no-store"
    assert answer.header("referrer-policy") == "no-referrer"
    assert list(browser.jar) == [SESSION], "what was kept of the attempt is gone"


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_it_leads_nowhere_else(browser: Browser, path: str) -> None:
    answer = await browser.ask("GET", f"/auth/login?return_to={quote(path, safe='')}")
    problem(answer, 422, "invalid-input")
    assert not browser.jar


async def test_a_person_whose_sign_on_cannot_begin_sees_a_page(browser: Browser) -> None:
    page = ("accept", "text/html,*/*;q=0.8")
    answer = await browser.ask("GET", "/auth/login?return_to=//evil.example", page)
    assert (answer.status, answer.header("content-type")) == (422, "text/html; charset=utf-8")
    assert "evil" not in answer.body.decode()
    assert "/auth/login" in answer.body.decode()


async def test_a_secret_planted_before_is_not_adopted(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    planted = "p" * 43
    browser.jar[SESSION] = planted
    await browser.come_back(sign_on.approve(await browser.begin(), scene.editor))
    assert browser.secret
    assert browser.secret != planted
    attacker = Browser(browser.api, {SESSION: planted})
    problem(await attacker.ask("GET", "/v1/me"), 401, "unauthenticated")


async def test_signing_on_again_makes_a_new_secret_and_ends_the_old(
    signed_on: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    before = dict(signed_on.jar)
    await signed_on.come_back(sign_on.approve(await signed_on.begin(), scene.viewer))
    assert (await signed_on.ask("GET", "/v1/me")).json()["user"]["subject"] == "viewer"
    old = Browser(signed_on.api, before)
    problem(await old.ask("GET", "/v1/me"), 401, "unauthenticated")


async def test_two_tabs_sign_on_side_by_side(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    first, second = await browser.begin("/one"), await browser.begin("/two")
    answer = await browser.come_back(sign_on.approve(first, scene.editor))
    assert answer.header("location") == "/one"
    answer = await browser.come_back(sign_on.approve(second, scene.editor))
    assert answer.header("location") == "/two"


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "x" * 43},
        {"state": ""},
        {"code": "x"},
        {"iss": "https://other.example/"},
    ],
)
async def test_what_does_not_belong_together_is_a_page_and_no_session(
    browser: Browser, sign_on: MemorySignOn, scene: Scene, broken: dict[str, str]
) -> None:
    parameters = sign_on.approve(await browser.begin(), scene.editor)
    answer = await browser.come_back(parameters | broken)
    assert (answer.status, answer.header("content-type")) == (400, "text/html; charset=utf-8")
    assert (answer.header("x-correlation-id") or "?") in answer.body.decode()
    assert "default-src 'none'" in (answer.header("content-security-policy") or "")
    assert browser.secret is None


async def test_the_attempt_of_another_browser_is_not_ours(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    """An attacker who sends a victim to its own callback signs nobody on as itself."""
    attacker = Browser(browser.api)
    parameters = sign_on.approve(await attacker.begin(), scene.stranger)
    assert (await browser.come_back(parameters)).status == 400
    assert browser.secret is None


async def test_an_answer_is_good_once(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    parameters = sign_on.approve(await browser.begin(), scene.editor)
    kept = dict(browser.jar)
    assert (await browser.come_back(parameters)).status == 303
    thief = Browser(browser.api, kept)
    sign_on.approve(parameters["state"], scene.editor)
    assert (await thief.come_back(parameters)).status == 400
    assert thief.secret is None


async def test_an_answer_names_each_thing_once(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    parameters = sign_on.approve(await browser.begin(), scene.editor)
    answer = await browser.ask("GET", f"/auth/callback?{urlencode(parameters)}&code=other")
    problem(answer, 400, "sign-on-failed")


async def test_many_parameters_are_no_incident(browser: Browser) -> None:
    many = "&".join(f"a{n}=1" for n in range(200))
    problem(await browser.ask("GET", f"/auth/callback?{many}"), 400, "sign-on-failed")


async def test_sign_ons_that_come_to_no_end_do_not_pile_up(browser: Browser) -> None:
    """Who is led here again and again would send headers that no server takes."""
    states = [await browser.begin("/" + "a" * 1000) for _ in range(20)]
    kept = [name for name in browser.jar if name.startswith(ATTEMPT)]
    assert kept == [f"{ATTEMPT}{state[:16]}" for state in states[-MOST_ATTEMPTS - 1 :]]


async def test_the_reason_of_a_failure_is_for_the_log_only(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    parameters = sign_on.approve(await browser.begin(), scene.editor)
    answer = await browser.come_back(parameters | {"state": "x" * 43})
    telemetry = scene.cortex.ports.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    [line] = [each for each in telemetry.lines if each.event == "sign_on.failed"]
    assert line.attributes["reason"] == "state"
    assert b"state" not in answer.body


async def test_what_the_provider_adds_is_ignored(
    browser: Browser, sign_on: MemorySignOn, scene: Scene
) -> None:
    """RFC 6749 section 4.1.2."""
    parameters = sign_on.approve(await browser.begin(), scene.editor)
    assert (await browser.come_back(parameters | {"session_state": "x"})).status == 303


async def test_what_the_provider_says_of_an_error_is_not_repeated(browser: Browser) -> None:
    state = await browser.begin()
    words = {"error": "access_denied", "error_description": "<script>alert(1)</script>"}
    answer = await browser.come_back({"state": state, **words})
    assert answer.status == 400
    assert b"script>" not in answer.body
    assert b"access_denied" not in answer.body


async def test_an_attempt_lasts_ten_minutes(
    browser: Browser, sign_on: MemorySignOn, scene: Scene, clock: Clock
) -> None:
    parameters = sign_on.approve(await browser.begin(), scene.editor)
    clock.advance(601)
    assert (await browser.come_back(parameters)).status == 400


async def test_a_credential_beside_the_cookie_is_refused(signed_on: Browser) -> None:
    answer = await signed_on.ask("GET", "/v1/me", ("authorization", "Bearer editor"))
    problem(answer, 400, "malformed-credential")


async def test_a_cookie_that_we_cannot_have_issued_is_no_credential(api: Client) -> None:
    """Another application on this host may set a cookie of that name: tokens work all the same."""
    answer = await api.get("/v1/me", ("cookie", f"{SESSION}=short"))
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("origin", "https://evil.example"),),
        (("sec-fetch-site", "cross-site"),),
        (("sec-fetch-site", "same-site"), ("origin", "https://cortex.example")),
    ],
)
async def test_pages_of_others_cannot_write(
    signed_on: Browser, headers: tuple[tuple[str, str], ...]
) -> None:
    kind = ("content-type", "application/json")
    answer = await signed_on.ask("POST", "/v1/workspaces", kind, *headers, body=b'{"name": "X"}')
    problem(answer, 403, "cross-origin")
    answer = await signed_on.ask("POST", "/auth/logout", *headers)
    problem(answer, 403, "cross-origin")
    assert (await signed_on.ask("GET", "/v1/me")).status == 200


@pytest.mark.parametrize("own", [OWN_PAGE, ("origin", "https://cortex.example")])
async def test_a_page_of_ours_writes(signed_on: Browser, own: tuple[str, str]) -> None:
    kind = ("content-type", "application/json")
    answer = await signed_on.ask("POST", "/v1/workspaces", kind, own, body=b'{"name": "X"}')
    assert answer.status == 201


async def test_signing_off_ends_the_session_here_and_leads_to_the_provider(
    signed_on: Browser,
) -> None:
    before = dict(signed_on.jar)
    answer = await signed_on.ask("POST", "/auth/logout", OWN_PAGE)
    assert (answer.status, answer.header("location")) == (303, "https://sign-on.example/logout")
    assert not signed_on.jar
    thief = Browser(signed_on.api, before)
    problem(await thief.ask("GET", "/v1/me"), 401, "unauthenticated")


async def test_who_is_not_signed_on_signs_off_without_fuss(browser: Browser) -> None:
    for jar in ({}, {SESSION: "x" * 43}):
        answer = await Browser(browser.api, jar).ask("POST", "/auth/logout", OWN_PAGE)
        assert (answer.status, answer.header("location")) == (303, "/")


async def test_a_session_outlives_its_tokens_and_not_its_own_end(
    signed_on: Browser, sign_on: MemorySignOn, clock: Clock
) -> None:
    for refreshes in range(1, 12):
        clock.advance(3600)
        assert (await signed_on.ask("GET", "/v1/me")).status == 200
        assert sign_on.refreshes == refreshes
    clock.advance(3600)
    problem(await signed_on.ask("GET", "/v1/me"), 401, "unauthenticated")


async def test_a_disabled_user_is_refused_at_once(signed_on: Browser, scene: Scene) -> None:
    await disable(scene, scene.editor)
    problem(await signed_on.ask("GET", "/v1/me"), 403, "user-disabled")


async def test_the_first_page_says_who_is_signed_on(browser: Browser, signed_on: Browser) -> None:
    answer = await signed_on.ask("GET", "/")
    assert (answer.status, answer.header("content-type")) == (200, "text/html; charset=utf-8")
    assert b"<strong>Editor</strong>" in answer.body
    policy = answer.header("content-security-policy") or ""
    assert "form-action 'self' https://issuer.example;" in policy
    for jar in ({}, {SESSION: "x" * 43}):
        answer = await Browser(browser.api, jar).ask("GET", "/")
        assert answer.status == 200
        assert b'href="/auth/login"' in answer.body
        assert b"<form" not in answer.body


async def test_a_name_is_never_markup(signed_on: Browser, scene: Scene) -> None:
    await scene.cortex.users.change_me(scene.editor, ChangeMe(name="<script>alert(1)</script>"))
    assert b"<script" not in (await signed_on.ask("GET", "/")).body


FORM = ("content-type", "application/x-www-form-urlencoded")


def _notice(clock: Clock, **changes: str | None) -> LogoutNotice:
    values = {"issuer": make.ISSUER, "subject": "editor", "session_id": None, "token_id": "t1"}
    return LogoutNotice(**(values | changes), until=clock() + timedelta(minutes=2))  # type: ignore[arg-type]  # a table of texts


async def test_the_provider_ends_the_sessions_of_a_subject(
    signed_on: Browser, sign_on: MemorySignOn, clock: Clock
) -> None:
    token = sign_on.announce(_notice(clock))
    provider = Browser(signed_on.api)
    body = urlencode({"logout_token": token}).encode()
    answer = await provider.ask("POST", "/auth/backchannel-logout", FORM, body=body)
    assert answer.status == 204
    assert answer.header("cache-control") == "no-store"
    problem(await signed_on.ask("GET", "/v1/me"), 401, "unauthenticated")
    answer = await provider.ask("POST", "/auth/backchannel-logout", FORM, body=body)
    problem(answer, 400, "malformed-request")


async def test_a_notice_about_nobody_here_is_heard(
    signed_on: Browser, sign_on: MemorySignOn, clock: Clock
) -> None:
    token = sign_on.announce(_notice(clock, subject=None, session_id="elsewhere"))
    body = urlencode({"logout_token": token}).encode()
    answer = await Browser(signed_on.api).ask("POST", "/auth/backchannel-logout", FORM, body=body)
    assert answer.status == 204
    assert (await signed_on.ask("GET", "/v1/me")).status == 200


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        (FORM, b"", 400, "malformed-request"),
        (FORM, b"logout_token=x", 400, "malformed-request"),
        (FORM, b"logout_token=x&logout_token=y", 400, "malformed-request"),
        (FORM, b"logout_token=%ff", 400, "malformed-request"),
        (FORM, b"\xff", 400, "malformed-request"),
        (("content-type", "application/json"), b"{}", 415, "unsupported-format"),
    ],
)
async def test_what_is_no_notice_ends_nothing(
    signed_on: Browser, kind: tuple[str, str], body: bytes, status: int, code: str
) -> None:
    provider = Browser(signed_on.api)
    answer = await provider.ask("POST", "/auth/backchannel-logout", kind, body=body)
    problem(answer, status, code)
    assert (await signed_on.ask("GET", "/v1/me")).status == 200


async def test_a_notice_that_is_not_believed_is_told(
    signed_on: Browser, sign_on: MemorySignOn, clock: Clock, scene: Scene
) -> None:
    """Sessions go on that the provider wanted to end: its operator has to know."""
    telemetry = scene.cortex.ports.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    token = sign_on.announce(_notice(clock, session_id="elsewhere", subject=None))
    provider = Browser(signed_on.api)
    for sent in (token, token, "made-up"):
        body = urlencode({"logout_token": sent}).encode()
        await provider.ask("POST", "/auth/backchannel-logout", FORM, body=body)
    told = [each for each in telemetry.lines if each.event == "sign_on.notice_refused"]
    assert [(each.level, each.attributes["reason"]) for each in told] == [
        ("warning", "replayed"),
        ("warning", "unknown"),
    ]
