"""`cortex token`."""

import asyncio
import json

import pytest

from cortex_adapters.server import identity_provider, open_local, open_store
from cortex_adapters.server.tenant import Tenant
from cortex_adapters.settings import load_settings
from cortex_core import Principal
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.ports import Credential
from tests.unit.cli.conftest import Cortex


def proved(token: str) -> Principal:
    """Return whom a server on the same database takes *token* for."""

    async def prove() -> Principal:
        settings = load_settings({})
        async with open_store(settings) as store:
            local = open_local(settings, store)
            identity = identity_provider(settings, local, Tenant())
            return await identity.authenticate(Credential(scheme="Bearer", token=token))

    return asyncio.run(prove())


def test_the_token_alone_is_printed_and_a_server_takes_it(cortex: Cortex):
    code, out, err = cortex("token", "--email", "ada@example.com", "--name", "Ada")
    assert (code, err) == (0, "")
    principal = proved(out.removesuffix("\n"))
    assert (principal.email, principal.name) == ("ada@example.com", "Ada")
    assert principal.permissions == PERMISSIONS


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("read:messages, write:messages", {"read:messages", "write:messages"}),
        ("read:messages", {"read:messages"}),
        ("", set()),
    ],
)
def test_permissions_are_those_that_are_named(cortex: Cortex, text: str, granted: set[str]):
    _, out, _ = cortex("token", "--email", "ada@example.com", "--permissions", text)
    assert proved(out.strip()).permissions == granted


def test_a_machine_has_a_token_of_its_own(cortex: Cortex):
    _, out, _ = cortex("token", "--as", "machine", "--permissions", "read:messages")
    principal = proved(out.strip())
    assert (principal.kind, principal.subject) == ("machine", "local-machine@clients")
    assert principal.permissions == {"read:messages"}
    _, out, _ = cortex("token", "--as", "machine", "--client", "nightly")
    assert proved(out.strip()).client_id == "nightly"


def test_json_is_what_the_route_answers(cortex: Cortex):
    _, out, _ = cortex("token", "--email", "ada@example.com", "--json")
    answer = json.loads(out)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86_400
    assert proved(answer["access_token"]).email == "ada@example.com"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "--email: must be an e-mail address"),
        (["--email", "ada"], "--email: must be an e-mail address"),
        (["--as", "machine", "--client", "a b"], "--client: must be 1 to 100 letters"),
        (["--email", "a@b", "--name", "x" * 1_000], "--name: "),
        (["--email", "a@b", "--client", "nightly"], "--client: goes with --as machine."),
        (["--as", "machine", "--email", "a@b"], "--email: goes with --as user."),
        (["--as", "machine", "--name", "Ada"], "--name: goes with --as user."),
        (["--email", "a@b", "--permissions", "a:b"], "--permissions: must be one of admin:users"),
    ],
    ids=[
        "no email",
        "email",
        "client",
        "name",
        "their client",
        "its email",
        "its name",
        "permissions",
    ],
)
def test_a_wrong_wish_names_its_option(cortex: Cortex, arguments: list[str], fault: str):
    code, out, err = cortex("token", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"cortex: {fault}")
    assert err.count("\n") == 1


def test_only_development_has_tokens_to_give(cortex: Cortex):
    code, _, err = cortex(
        "token",
        *("--email", "a@b"),
        environment="production",
        auth0_domain="tenant.auth0.com",
        auth0_audience="x",
    )
    assert code == 2
    assert "development only" in err


def test_memory_keeps_its_key_to_itself(cortex: Cortex):
    code, _, err = cortex("token", "--email", "a@b", database_url="memory:")
    assert code == 2
    assert "POST /auth/dev/token" in err
