"""`cortex users`."""

import asyncio
import json
import os

import pytest

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.server import open_store
from cortex_adapters.settings import load_settings
from cortex_core import Cortex as Core
from cortex_core import Principal
from cortex_core.domain.commands import CreateWorkspace
from cortex_core.domain.policy import PERMISSIONS
from tests.unit.cli.conftest import Cortex

FORMER = "https://former.example/"
LOCAL = "https://cortex.local/"
NOBODY = "019b0000-0000-7000-8000-000000000000"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, cortex: Cortex) -> str:
    """A database of each kind, with the schema of today."""
    url = "sqlite:///./cortex.db"
    if request.param == "postgres":
        url = str(request.getfixturevalue("fresh_database"))
    assert cortex("db", "upgrade", database_url=url)[0] == 0
    return url


def signed_in(
    url: str, issuer: str, subject: str, *, workspace: str = "", name: str = "Ada"
) -> str:
    """Return the id of whoever a server lets in."""

    async def sign_in() -> str:
        async with open_store(load_settings({"CORTEX_DATABASE_URL": url})) as store:
            core = Core(ports_around(store))
            caller = Principal(
                kind="user",
                issuer=issuer,
                subject=subject,
                permissions=PERMISSIONS,
                name=name,
                email="ada@example.com",
                email_verified=True,
            )
            if workspace:
                await core.workspaces.create(caller, CreateWorkspace(name=workspace))
            return (await core.users.me(caller)).user.id

    return asyncio.run(sign_in())


def test_a_former_user_is_linked_shown_and_unlinked(cortex: Cortex, url: str):
    former = signed_in(url, FORMER, "ada", workspace="Lab")
    empty = signed_in(url, LOCAL, "local|ada")
    link = ("users", "link", "--from", FORMER, "ada", "--to", LOCAL, "local|ada")
    code, out, err = cortex(*link, "--by", "Grace", database_url=url)
    assert (code, out, err) == (0, f"{LOCAL} local|ada is user {former}\n", "")
    assert signed_in(url, LOCAL, "local|ada") == former != empty
    code, out, _ = cortex("users", "show", "--id", former, database_url=url)
    assert code == 0
    *lines, last = out.splitlines()
    assert lines == [
        f"user      {former}, active",
        f"identity  {FORMER} ada",
        "name      Ada",
        "email     ada@example.com (verified)",
    ]
    assert last.startswith(f"link      {LOCAL} local|ada (command, by Grace, 20")
    unlink = ("users", "unlink", "--identity", LOCAL, "local|ada")
    code, out, _ = cortex(*unlink, database_url=url)
    assert (code, out) == (0, f"{LOCAL} local|ada is no longer user {former}\n")
    assert cortex(*unlink, database_url=url)[0] == 1


def test_what_people_call_themselves_is_no_order_to_the_terminal(cortex: Cortex, url: str):
    forged = "Ada \u212b\x1b[2J\x9b1m\u202e\nuser      1, active"
    ada = signed_in(url, FORMER, "ada\x9b2J", name=forged)
    code, out, _ = cortex("users", "show", "--id", ada, database_url=url)
    assert code == 0
    assert out.splitlines() == [
        f"user      {ada}, active",
        f"identity  {FORMER} ada\\x9b2J",
        "name      Ada \u212b\\x1b[2J\\x9b1m\\u202e\\nuser      1, active",
        "email     ada@example.com (verified)",
    ]


def test_users_are_found_in_three_ways(cortex: Cortex, url: str):
    ids = {signed_in(url, FORMER, "ada"), signed_in(url, LOCAL, "local|ada")}
    code, out, _ = cortex("users", "show", "--email", "ada@example.com", "--json", database_url=url)
    assert code == 0
    assert {account["user"]["id"] for account in json.loads(out)} == ids
    _, out, _ = cortex("users", "show", "--identity", FORMER, "ada", "--json", database_url=url)
    [account] = json.loads(out)
    assert account["user"]["subject"] == "ada"
    assert account["links"] == []
    _, again, _ = cortex("users", "show", "--id", account["user"]["id"], "--json", database_url=url)
    assert again == out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "--email", "nobody@example.com"], "Nobody has the address nobody@example.com."),
        (["show", "--identity", FORMER, "eve"], f"{FORMER} eve has no user here."),
        (["unlink", "--identity", FORMER, "ada"], "The identity is linked to no user."),
        (["show", "--id", NOBODY], f"No user has the id {NOBODY}."),
        (["disable", "--id", NOBODY], f"No user has the id {NOBODY}."),
        (["link", "--from", FORMER, "eve", "--to", LOCAL, "x"], f"{FORMER} eve has no user here."),
        (["link", "--from", FORMER, "ada", "--to", LOCAL, "busy"], "nothing is merged"),
    ],
    ids=["address", "identity", "no link", "show id", "disable id", "nobody", "in use"],
)
def test_what_cannot_be_done_says_why(cortex: Cortex, arguments: list[str], says: str):
    signed_in("sqlite:///./cortex.db", FORMER, "ada")
    signed_in("sqlite:///./cortex.db", LOCAL, "busy", workspace="Lab")
    code, out, err = cortex("users", *arguments)
    assert (code, out) == (1, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (["show", "--id", "x"], {}, "--id: x is not a user's id."),
        (
            ["link", "--from", FORMER, "ada", "--to", "tenant.eu.auth0.com", "auth0|1"],
            {"auth0_domain": "tenant.eu.auth0.com, login.example.com", "auth0_audience": "api"},
            f"the issuers here are https://tenant.eu.auth0.com/, {LOCAL}.",
        ),
        (["link", "--from", FORMER, "ada", "--to", LOCAL, " "], {}, "must not be blank"),
        (["show", "--id", "x"], {"database_url": "memory:"}, "with memory: the users are in"),
    ],
    ids=["id", "issuer", "subject", "memory"],
)
def test_what_was_asked_wrongly_says_how(
    cortex: Cortex, arguments: list[str], settings: dict[str, str], says: str
):
    signed_in("sqlite:///./cortex.db", FORMER, "ada")
    code, out, err = cortex("users", *arguments, **settings)
    assert (code, out) == (2, "")
    assert says in err


def test_a_user_is_disabled_and_enabled(cortex: Cortex, url: str):
    user_id = signed_in(url, LOCAL, "local|ada")
    for act, status in (("disable", "disabled"), ("enable", "active")):
        for _ in range(2):
            code, out, _ = cortex("users", act, "--id", user_id, database_url=url)
            assert (code, out) == (0, f"user {user_id} is {status}\n")
    _, out, _ = cortex("users", "disable", "--id", user_id, "--json", database_url=url)
    assert json.loads(out)["status"] == "disabled"


def test_who_has_no_name_links_by_number(cortex: Cortex, monkeypatch: pytest.MonkeyPatch):
    signed_in("sqlite:///./cortex.db", FORMER, "ada")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    link = ("users", "link", "--from", FORMER, "ada", "--to", LOCAL, "local|ada", "--json")
    code, out, _ = cortex(*link)
    assert code == 0
    assert json.loads(out)["linked_by"] == f"user {os.getuid()}"
