"""The Auth0 tenant as code: what its own lax schema lets pass, and what must agree with ours."""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from cortex_core.domain.policy import PERMISSIONS, Permission

Tenant = dict[str, Any]
TEXT = (Path(__file__).parents[3] / "deploy/auth0/tenant.yaml").read_text(encoding="utf-8")
TENANT: Tenant = msgspec.yaml.decode(TEXT)
API = "##API_IDENTIFIER##"
VARIABLES = {"API_IDENTIFIER", "APP_URL", "PUBLIC_URL"}
METHODS = {
    "spa": {"none"},
    "regular_web": {"client_secret_post", "client_secret_basic"},
    "non_interactive": {"client_secret_post", "client_secret_basic"},
}
GRANTS = {
    "spa": {"authorization_code", "refresh_token"},
    "regular_web": {"authorization_code", "refresh_token"},
    "non_interactive": {"client_credentials"},
}
TRIGGERS = {"post-login": "v3"}
RUNTIMES = {"node22"}


def faults(tenant: Tenant) -> Iterator[str]:
    """Yield what is wrong with *tenant*, in a word each."""
    (api,) = tenant["resourceServers"]
    checks = {
        "identifier": api["identifier"] == API,
        "dialect": api["token_dialect"] == "rfc9068_profile_authz",
        "rbac": api["enforce_policies"] is True,
        "algorithm": api["signing_alg"] == "RS256",
        "permissions": [scope["value"] for scope in api["scopes"]] == list(get_args(Permission)),
        "bound": api["proof_of_possession"] == {"mechanism": "dpop", "required": False},
        "lifetime": 60 <= api["token_lifetime_for_web"] <= api["token_lifetime"] <= 86_400,
    }
    yield from (name for name, held in checks.items() if not held)
    for role in tenant["roles"]:
        for each in role["permissions"]:
            if each["permission_name"] not in PERMISSIONS:
                yield "role-permission"
            if each["resource_server_identifier"] != API:
                yield "role-api"
    for client in tenant["clients"]:
        yield from _client_faults(client)
    yield from _grant_faults(tenant)
    for action in tenant["actions"]:
        if action["runtime"] not in RUNTIMES or action["deployed"] is not True:
            yield "action"
        if any(
            TRIGGERS.get(each["id"]) != each["version"] for each in action["supported_triggers"]
        ):
            yield "trigger"
    names = {action["name"] for action in tenant["actions"]}
    for trigger, bound in tenant["triggers"].items():
        if trigger not in TRIGGERS or {each["action_name"] for each in bound} != names:
            yield "binding"


def _client_faults(client: Tenant) -> Iterator[str]:
    kind = client["app_type"]
    if kind not in METHODS:
        yield "app-type"
        return
    if client["token_endpoint_auth_method"] not in METHODS[kind]:
        yield "method"
    if set(client["grant_types"]) != GRANTS[kind]:
        yield "grant-types"
    if client["jwt_configuration"]["alg"] != "RS256" or client["oidc_conformant"] is not True:
        yield "client-algorithm"
    if kind != "non_interactive":
        token = client["refresh_token"]
        if (token["rotation_type"], token["expiration_type"]) != ("rotating", "expiring"):
            yield "rotation"
        if not 0 <= token["leeway"] <= 60 or token["infinite_token_lifetime"] is not False:
            yield "refresh-lifetime"
    if kind == "regular_web":
        addresses = client["oidc_logout"]["backchannel_logout_urls"]
        if addresses != ["##PUBLIC_URL##/auth/backchannel-logout"]:
            yield "back-channel"
        if client["oidc_logout"]["backchannel_logout_initiators"]["mode"] != "all":
            yield "initiators"
        if client["callbacks"] != ["##PUBLIC_URL##/auth/callback"]:
            yield "callback"


def _grant_faults(tenant: Tenant) -> Iterator[str]:
    machines = {
        client["name"] for client in tenant["clients"] if client["app_type"] == "non_interactive"
    }
    if {grant["client_id"] for grant in tenant["clientGrants"]} != machines:
        yield "grant-client"
    for grant in tenant["clientGrants"]:
        if not set(grant["scope"]) <= PERMISSIONS:
            yield "grant-scope"
        if grant["audience"] != API or grant["subject_type"] != "client":
            yield "grant-api"


def test_the_tenant_has_no_fault():
    assert list(faults(TENANT)) == []


def test_its_variables_are_those_that_the_readme_names():
    folder = Path(__file__).parents[3] / "deploy/auth0"
    action = (folder / "actions/claims.js").read_text(encoding="utf-8")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"##([A-Z_]+)##", re.sub(r"(?m)^#.*$", "", TEXT) + action))
    assert used == {*VARIABLES, "CLAIMS_NAMESPACE"}
    assert all(f'"{name}"' in readme for name in used)


def _set(*path: str | int, to: object) -> Callable[[Tenant], None]:
    def change(tenant: Tenant) -> None:
        place: Any = tenant
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


BROKEN: list[tuple[str, Callable[[Tenant], object]]] = [
    ("identifier", _set("resourceServers", 0, "identifier", to="https://other.example")),
    ("dialect", _set("resourceServers", 0, "token_dialect", to="rfc9068_profile_auth")),
    ("rbac", _set("resourceServers", 0, "enforce_policies", to=False)),
    ("algorithm", _set("resourceServers", 0, "signing_alg", to="HS256")),
    ("permissions", lambda tenant: tenant["resourceServers"][0]["scopes"].pop()),
    ("permissions", _set("resourceServers", 0, "scopes", 0, "value", to="read:workspace")),
    ("bound", _set("resourceServers", 0, "proof_of_possession", "mechanism", to="mtls")),
    ("lifetime", _set("resourceServers", 0, "token_lifetime", to=2_592_000)),
    ("role-permission", _set("roles", 0, "permissions", 0, "permission_name", to="read:all")),
    ("role-api", _set("roles", 0, "permissions", 0, "resource_server_identifier", to="x")),
    ("app-type", _set("clients", 0, "app_type", to="single_page")),
    ("method", _set("clients", 0, "token_endpoint_auth_method", to="client_secret_post")),
    ("method", _set("clients", 1, "token_endpoint_auth_method", to="none")),
    ("grant-types", _set("clients", 0, "grant_types", to=["implicit"])),
    ("client-algorithm", _set("clients", 1, "jwt_configuration", "alg", to="HS256")),
    ("rotation", _set("clients", 1, "refresh_token", "rotation_type", to="rotate")),
    ("rotation", _set("clients", 0, "refresh_token", "expiration_type", to="non-expiring")),
    ("refresh-lifetime", _set("clients", 0, "refresh_token", "leeway", to=600)),
    ("back-channel", _set("clients", 1, "oidc_logout", "backchannel_logout_urls", to=[])),
    (
        "initiators",
        _set("clients", 1, "oidc_logout", "backchannel_logout_initiators", "mode", to="some"),
    ),
    ("callback", _set("clients", 1, "callbacks", to=["##PUBLIC_URL##/callback"])),
    ("grant-client", _set("clientGrants", 0, "client_id", to="Cortex Machines")),
    ("grant-scope", _set("clientGrants", 0, "scope", to=["read:everything"])),
    ("grant-api", _set("clientGrants", 0, "subject_type", to="machine")),
    ("action", _set("actions", 0, "runtime", to="node12")),
    ("action", _set("actions", 0, "deployed", to=False)),
    ("trigger", _set("actions", 0, "supported_triggers", 0, "id", to="postlogin")),
    ("binding", _set("triggers", "post-login", 0, "action_name", to="Other claims")),
]


@pytest.mark.parametrize(
    ("fault", "change"),
    BROKEN,
    ids=[f"{place}-{fault}" for place, (fault, _) in enumerate(BROKEN)],
)
def test_a_broken_tenant_is_seen(fault: str, change: Callable[[Tenant], object]):
    tenant = copy.deepcopy(TENANT)
    change(tenant)
    assert set(faults(tenant)) == {fault}
