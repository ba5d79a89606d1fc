"""A secret put into everything that comes in comes out nowhere but in its owner's own data."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cortex_adapters.postgres import schema
from cortex_adapters.settings import load_settings
from tests.e2e.breaking import refuse_messages, take_away, take_database_away
from tests.e2e.receiver import Receiver
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

WORD = "canary0451"
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiI{WORD}.{WORD}"
SETTINGS = {
    "CORTEX_METRICS_TOKEN": f"{WORD}-metrics-token",
    "CORTEX_SESSION_KEYS": f"{WORD}-session-key-{'k' * 32}",
    "CORTEX_LEGACY_SECRET": f"{WORD}-legacy-secret-{'s' * 32}",
    "CORTEX_LEGACY_ISSUER": "https://former.example/",
    "CORTEX_LEGACY_AUDIENCE": "former",
    "CORTEX_LEGACY_UNTIL": "2099-12-31",
    "CORTEX_LOG_LEVEL": "debug",
    "OTEL_TRACES_SAMPLER": "always_on",
    "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{WORD}-otlp",
}
HEADERS = {
    "Cookie": f"__Host-cortex-session={WORD}; session={WORD}",
    "X-Anything": WORD,
    "X-Api-Key": WORD,
    "X-Correlation-ID": f"not acceptable {WORD}",
    "User-Agent": WORD,
    "Referer": f"https://u:{WORD}@example.com/?token={WORD}",
    "DPoP": JWT,
    "traceparent": f"00-{WORD}-{WORD}-01",
    "tracestate": f"vendor={WORD}",
    "baggage": f"k={WORD}",
    "Last-Event-ID": WORD,
    "If-Match": f'"{WORD}"',
}
# Parameters keep their names for themselves; what a caller sends as a value is never sent back.
FIELDS = {
    "name": WORD,
    "description": WORD,
    "topic": WORD,
    "content": f"my password={WORD}",
    "metadata": {"secret": WORD, "k": [WORD]},
    "role": WORD,
    "permissions": [WORD],
    "email": WORD,
}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture
async def told(
    database_url: str, tmp_path: Path, receiver: Receiver
) -> AsyncIterator[ServerProcess]:
    """A server whose settings are full of secrets, once on each kind of database."""
    if database_url.startswith("postgres"):
        await schema.upgrade(database_url)
        database_url = database_url.replace("postgres:@", f"postgres:{WORD}@", 1)
        assert WORD in database_url
    process = ServerProcess(database_url, tmp_path, **receiver.settings, **SETTINGS)
    try:
        yield await process.start()
    finally:
        await process.stop()


class Sender:
    """Sends the secret, and keeps every answer that is no success."""

    def __init__(self, server: ServerProcess) -> None:
        self._client = httpx2.AsyncClient(base_url=server.url, timeout=10)
        self.refusals: list[tuple[int, str]] = []
        self.statuses: set[int] = set()

    async def __aenter__(self) -> "Sender":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, method: str, path: str, token: str = "", **more: Any) -> httpx2.Response:
        headers = HEADERS | ({"Authorization": f"Bearer {token}"} if token else {})
        headers |= more.pop("headers", {})
        answer = await self._client.request(method, path, headers=headers, **more)
        self.statuses.add(answer.status_code)
        if answer.status_code >= 400:
            self.refusals.append((answer.status_code, f"{answer.headers} {answer.text}"))
        return answer

    async def everywhere(self, document: dict[str, Any], token: str, ids: dict[str, str]) -> None:
        """Ask for every operation of *document*, with the secret in every place."""
        for template, methods in document["paths"].items():
            for known in (WORD, "01978f3a-5c00-7a1e-9b37-3c1e5a0d2f41", None):
                path = template
                for name in ("workspace_id", "conversation_id", "user_id", "message_id"):
                    path = path.replace(f"{{{name}}}", known or ids[name])
                path = path.replace("{code}", "conflict")
                for method, operation in methods.items():
                    if method == "delete" and known is None:
                        continue  # the rest needs what is there
                    await self._ask(method, path, operation, token)

    async def _ask(self, method: str, path: str, operation: Any, token: str) -> None:
        names = [each.get("name") for each in operation["parameters"] if each.get("in") == "query"]
        queries = [{}, {"token": WORD}, *({name: WORD} for name in names)]
        queries.append({"code": WORD, "state": WORD, "return_to": f"/{WORD}"})
        kinds = operation.get("requestBody", {}).get("content", {})
        bodies: list[dict[str, Any]] = [{}]
        if "application/json" in kinds:
            bodies = [{"json": FIELDS}, *({"json": {name: FIELDS[name]}} for name in FIELDS)]
        elif kinds:
            bodies = [{"data": {"logout_token": JWT, "client_secret": WORD, "state": WORD}}]
        for query in queries:
            for body in bodies:
                as_json = {"Accept": "application/json"}  # of events, a page: no stream
                await self.send(method, path, token, params=query, headers=as_json, **body)


async def refused_in_ten_ways(sender: Sender, token: str, other: str, ids: dict[str, str]) -> None:
    """Provoke every refusal that a caller can, with the secret in what is refused."""
    talk = f"/v1/conversations/{ids['conversation_id']}"
    as_json = {"Content-Type": "application/json"}
    for broken in (f'{{"content": "{WORD}', f'{{"content": "{WORD}", "content": "{WORD}"}}'):
        await sender.send("POST", f"{talk}/messages", token, content=broken, headers=as_json)
    await sender.send("POST", f"{talk}/messages", token, content=WORD, headers=as_json)
    await sender.send(
        "POST", f"{talk}/messages", token, content=WORD, headers={"Content-Type": "text/plain"}
    )
    await sender.send("POST", f"{talk}/messages", token, json={"content": WORD * 400_000})
    await sender.send("POST", f"{talk}/messages", token, json={"content": WORD * 4_000})
    await sender.send("GET", talk, token, headers={"Accept": f"text/{WORD}"})
    await sender.send("TRACE", talk, token)
    await sender.send("GET", f"/{WORD}/{WORD}", token)
    await sender.send("GET", talk, other)
    for made_up in (JWT, WORD, f"{token}{WORD}"):
        await sender.send("GET", "/v1/me", made_up)
    for scheme in (f"Basic {WORD}", f"DPoP {JWT}", f"Custom {WORD}", WORD, f"Bearer {WORD} {WORD}"):
        await sender.send("GET", "/v1/me", headers={"Authorization": scheme})
    for _ in range(2):
        await sender.send("POST", "/v1/workspaces", token, json={"name": WORD})
    await sender.send("PATCH", talk, token, json={"topic": "x"}, headers={"If-Match": f'"{WORD}"'})


async def test_a_secret_comes_out_nowhere(told: ServerProcess, receiver: Receiver):
    ada = await Api(told.port).sign_in()
    eve = await Api(told.port).sign_in("eve@example.com")
    workspace = await ada.workspace()
    talk = await ada.conversation(workspace)
    message = (await ada.post(f"{talk}/messages", {"content": "x"})).json()["id"]
    user = (await ada.get("/v1/me")).json()["user"]["id"]
    ids = {
        "workspace_id": workspace,
        "conversation_id": talk.rpartition("/")[2],
        "user_id": user,
        "message_id": message,
    }
    document = (await ada.get("/openapi.json")).json()
    async with Sender(told) as sender:
        for token in (ada.token, ""):
            await sender.everywhere(document, token, ids)
        weak = await ada.post(
            "/auth/dev/token", {"email": "ada@example.com", "permissions": ["read:workspaces"]}
        )
        await refused_in_ten_ways(sender, ada.token, eve.token, ids)
        await sender.send(
            "POST", f"{talk}/messages", weak.json()["access_token"], json={"content": WORD}
        )

        stream = await ada.follow(f"{talk}/events")
        await ada.post(f"{talk}/messages", {"content": "x", "respond": True})
        await stream.until("turn.completed")
        await refuse_messages(told)
        await sender.send("POST", f"{talk}/messages", ada.token, json={"content": WORD})
        await take_away(told, "messages")
        await sender.send("POST", f"{talk}/messages", ada.token, json={"content": WORD})
        await sender.send("GET", f"{talk}/messages", ada.token, params={"limit": "5"})
        await take_away(told, "conversations")
        await sender.send("GET", talk, ada.token)
        await take_database_away(told)
        await sender.send("POST", f"{talk}/messages", ada.token, json={"content": WORD})
        await sender.send("GET", "/v1/me", ada.token)
        owed = {400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 500, 503}
        assert owed <= sender.statuses, owed - sender.statuses
        page = await sender.send("GET", "/metrics", f"{WORD}-metrics-token")
        assert page.status_code == 200
        assert await told.terminate() == 0
        broken = [event.data async for event in stream.events() if event.type == "goodbye"]
    assert told.lines("incident"), "there was one"
    assert receiver.spans
    assert receiver.logs
    problems = [text for _, text in sender.refusals if WORD in text]
    assert problems == []
    assert WORD not in page.text
    assert broken
    assert WORD not in str(broken)
    assert [line for line in told.said().splitlines() if WORD in line] == []
    assert WORD.encode() not in receiver.raw


SECRETS = {
    **{name: text for name, text in SETTINGS.items() if name.startswith("CORTEX_")},
    "CORTEX_AUTH0_DOMAIN": "tenant.example.com",
    "CORTEX_AUTH0_AUDIENCE": "https://cortex.example.com/api",
    "CORTEX_AUTH0_CLIENT_ID": "application",
    "CORTEX_AUTH0_CLIENT_SECRET": f"{WORD}-client-secret",
    "CORTEX_RATE_LIMIT_URL": f"redis://:{WORD}@cache:6379/0",
    "CORTEX_DATABASE_URL": f"postgresql://u:{WORD}@127.0.0.1:9/cortex?connect_timeout=2",
}
WRONG = {
    "none": {},
    "a database URL that is none": {"CORTEX_DATABASE_URL": f"postgresql://u:{WORD}@h:port/x"},
    "another scheme": {"CORTEX_DATABASE_URL": f"mysql://u:{WORD}@h/x"},
    "an option that is none": {"CORTEX_DATABASE_URL": f"postgresql://u:{WORD}@h/x?{WORD}={WORD}"},
    "secrets of a wrong form": {
        "CORTEX_METRICS_TOKEN": f"{WORD} with a space",
        "CORTEX_SESSION_KEYS": f"{WORD},{WORD}",
        "CORTEX_LEGACY_SECRET": WORD,
        "CORTEX_AUTH0_CLIENT_SECRET": f"{WORD} with a space",
        "CORTEX_RATE_LIMIT_URL": f"//:{WORD}@",
    },
    "production": {"CORTEX_ENVIRONMENT": "production"},
    "unknown": {"CORTEX_SECRET_OF_MINE": WORD},
    "text": {"CORTEX_LOG_FORMAT": "json"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize(
    "command",
    ["check", "serve", "db status", "db upgrade", "token ada@example.com", "users show x"],
)
def test_a_command_that_fails_says_no_secret(tmp_path: Path, command: str, wrong: dict[str, str]):
    done = subprocess.run(
        [sys.executable, "-m", "cortex_adapters.cli.main", *command.split()],
        env={"PATH": "/usr/bin:/bin", **SECRETS, **wrong},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert WORD not in done.stdout + done.stderr


def test_settings_show_no_secret():
    settings = load_settings(SECRETS)
    assert WORD not in f"{settings!r} {settings}"
