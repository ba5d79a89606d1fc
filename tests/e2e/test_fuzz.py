"""Schemathesis against the running server, with every check that it has; `make fuzz` runs it.

Two users who share nothing are its peers, so that it also tries the one's ids as the other.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

EXAMPLES = 15
SCENES = 4
# The most tests by far come from the schemas alone, and meet the same routes on either database.
SQLITE_PHASES = "examples,coverage,fuzzing,stateful"
POSTGRES_PHASES = "examples,fuzzing,stateful"
MINUTES = 4

CONFIG = """\
# Streams do not end: the log is asked for in pages.
[[operations]]
include-operation-id = "events_events"
headers = {{ Accept = "application/json" }}

# No schema can tell which cursors were issued for a list: others are answered 400, as documented.
[[operations]]
include-operation-id = {cursors}
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404]

# Nor what a query looks for: one that names nothing is 422, as documented.
[[operations]]
include-operation-id = "search_find"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 422]

# Nor the version that a thing has: 412 refuses others. From the pattern of If-Match Schemathesis
# also makes numbers without the quotes that the pattern asks for, and those are 400.
[[operations]]
include-operation-id = {versions}
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 412]
checks.negative_data_rejection.expected-statuses = [400, 401, 403, 404, 406, 409, 412, 415, 422]

# Nor what a browser brings back, or whose page it shows: signing on leads on, or ends with 400.
[[operations]]
include-tag = "sign-on"
headers = {{ Origin = {url} }}
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 403, 422]

# Half of what paths name is there. No peer is among the users: membership would let it in.
[dictionaries]
workspace_id.values = {workspace_id}
conversation_id.values = {conversation_id}
message_id.values = {message_id}
user_id.values = {user_id}

[parameters]
"path.workspace_id" = {{ dictionary = "workspace_id", probability = 0.5 }}
"path.conversation_id" = {{ dictionary = "conversation_id", probability = 0.5 }}
"path.message_id" = {{ dictionary = "message_id", probability = 0.5 }}
"path.user_id" = {{ dictionary = "user_id", probability = 0.5 }}

[phases.stateful]
max-steps = 12
generation.max-examples = 30

[auth.wfc]
path = "peers.json"
peers = ["ada", "bob"]

[warnings]
fail-on = ["missing_auth", "unsupported_regex", "unresolvable_reference", "unmatched_filter"]
"""


async def test_schemathesis_finds_nothing(server: ServerProcess, tmp_path: Path):
    ada = await Api(server.port).sign_in("ada@example.com")
    bob = await Api(server.port).sign_in("bob@example.com")
    carol = await Api(server.port).sign_in("carol@example.com")
    document = (await ada.get("/openapi.json")).json()
    config = CONFIG.format(
        url=json.dumps(server.url),
        cursors=json.dumps([each for each in _taking(document, "cursor") if each != "search_find"]),
        versions=json.dumps(_taking(document, "If-Match")),
        **{name: json.dumps(ids) for name, ids in (await _scenes(ada, carol)).items()},
    )
    (tmp_path / "schemathesis.toml").write_text(config, encoding="utf-8")
    (tmp_path / "peers.json").write_text(json.dumps(_peers(ada=ada, bob=bob)), encoding="utf-8")
    phases = SQLITE_PHASES if server.sqlite_path else POSTGRES_PHASES
    code, said = await _schemathesis(tmp_path, server.url, phases)
    print(said)  # noqa: T201 - what it did, for whoever runs `make fuzz`
    assert code == 0, said
    assert "object_level_authorization` will not run" not in said
    assert '"level":"error"' not in server.said(), server.said()


async def _scenes(host: Api, guest: Api) -> dict[str, list[str]]:
    """Return the ids of things that *host* made, with *guest* in all of them."""
    user = str((await guest.get("/v1/me")).json()["user"]["id"])
    ids: dict[str, list[str]] = {"user_id": [user]}
    for number in range(SCENES):
        workspace = await host.workspace(f"Lab {number}")
        talk = await host.conversation(workspace)
        message = (await host.post(f"{talk}/messages", {"content": "Hello"})).json()["id"]
        await host.ask("PUT", f"/v1/workspaces/{workspace}/members/{user}", {"role": "viewer"})
        await host.ask("PUT", f"{talk}/participants/{user}")
        ids.setdefault("workspace_id", []).append(workspace)
        ids.setdefault("conversation_id", []).append(talk.rpartition("/")[2])
        ids.setdefault("message_id", []).append(message)
    return ids


def _taking(document, parameter: str) -> list[str]:
    """Return the operations that take *parameter*."""
    return [
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for taken in operation["parameters"]
        if parameter in (taken.get("name"), taken.get("$ref", "").rpartition("/")[2])
    ]


def _peers(**users: Api) -> dict[str, object]:
    """Return the users in the form of Web Fuzzing Commons."""
    return {
        "auth": [
            {
                "name": name,
                "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {user.token}"}],
            }
            for name, user in users.items()
        ]
    }


async def _schemathesis(folder: Path, url: str, phases: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"),
        *("--url", url, "--checks", "all", "--phases", phases, "--max-examples", str(EXAMPLES)),
        *("--generation-deterministic", "--continue-on-failure", "--no-color"),
        # It measures how fast this machine makes test data, and says nothing of the server.
        "--suppress-health-check=too_slow",
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(MINUTES * 60):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()
