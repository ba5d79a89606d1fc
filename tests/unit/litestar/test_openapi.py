"""The OpenAPI document: valid, whole, closed, with an example of everything."""

import json

import jsonschema_rs
import msgspec
import pytest
from litestar.routes import HTTPRoute
from schemathesis.specs.openapi.definitions import OPENAPI_31

from cortex_adapters.litestar.call import FORM
from cortex_adapters.litestar.errors import problem_of, status_of
from cortex_adapters.litestar.openapi.refusals import HEARD, occurrence
from cortex_core.domain.errors import CortexError, catalogue
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.conftest import CONFIG
from tests.unit.litestar.document import (
    DEVELOPMENT,
    DOCUMENT,
    OPERATIONS,
    SCHEMAS,
    application,
    contents,
    document_of,
    parts,
    problems,
    resolved,
    validator,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
CHALLENGED = {
    "unauthenticated",
    "proof-rejected",
    "proof-nonce",
    "permission-denied",
    "malformed-credential",
}


def test_it_is_an_openapi_document() -> None:
    jsonschema_rs.validator_for(OPENAPI_31).validate(DOCUMENT)
    for name, schema in SCHEMAS.items():
        jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})
        assert schema["title"] == name
    names = [operation["operationId"] for *_, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    tags = {tag for *_, operation in OPERATIONS for tag in operation["tags"]}
    assert tags == {tag["name"] for tag in DOCUMENT["tags"]}


async def test_it_is_what_is_served(api: Client) -> None:
    answer = await api.who("").get("/openapi.json")
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert answer.json() == document_of(CONFIG)


def test_every_reference_leads_somewhere() -> None:
    taken = {
        operation["operationId"]: {resolved(each)["name"] for each in operation["parameters"]}
        for *_, operation in OPERATIONS
    }
    for part in parts(DOCUMENT):
        if isinstance(part.get("$ref"), str):
            assert resolved(part)
        if "operationId" in part and "responses" not in part:
            assert part["parameters"].keys() <= taken[part["operationId"]]


def test_it_lists_what_is_routed_and_nothing_else() -> None:
    routed = {
        (route.path_format, method.lower())
        for route in application(DEVELOPMENT).routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in OPERATIONS} == routed


def test_what_exists_in_development_only_is_told_in_development_only() -> None:
    served = {*document_of(CONFIG)["paths"]}
    assert {*DOCUMENT["paths"]} - served == {
        "/.well-known/jwks.json",
        "/auth/dev/authorize",
        "/auth/dev/signed-off",
        "/auth/dev/token",
    }


def test_every_example_is_valid() -> None:
    seen = 0
    for place, content in contents():
        examples = [resolved(example)["value"] for example in content.get("examples", {}).values()]
        examples += [content["example"]] if "example" in content else []
        assert examples or "$ref" not in content["schema"], f"no example: {place}"
        for example in examples:
            faults = [error.message for error in validator(content["schema"]).iter_errors(example)]
            assert faults == [], place
            seen += 1
    assert seen > 300
    for header in DOCUMENT["components"]["headers"].values():
        if "example" in header:
            validator(header["schema"]).validate(header["example"])


def test_every_code_that_http_can_answer_is_there() -> None:
    codes = {kind.code for kind in HEARD}
    examples = DOCUMENT["components"]["examples"].values()
    assert {example["value"]["code"] for example in examples} == codes
    assert {*SCHEMAS["Problem"]["properties"]["code"]["enum"]} == codes
    unheard = {kind.code for kind in catalogue()} - codes
    assert unheard == {"lease-lost", "invalid-settings", "turn-abandoned"}


@pytest.mark.parametrize("kind", HEARD, ids=lambda kind: kind.code)
def test_an_example_of_an_error_is_what_is_answered(kind: type[CortexError]) -> None:
    example = DOCUMENT["components"]["examples"][kind.code]["value"]
    word = example["correlation_id"]
    said = problem_of(occurrence(kind), word=word, docs_url=CONFIG.docs_url)
    assert example == json.loads(msgspec.json.encode(said))
    assert example["status"] == status_of(kind)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_what_an_operation_takes_decides_what_it_may_answer(path, method, operation) -> None:
    answers = operation["responses"]
    taken = [resolved(each) for each in operation["parameters"]]
    names = {each["name"] for each in taken}
    queries = [each for each in taken if each["in"] == "query"]
    body = "requestBody" in operation
    assert {"400", "408", "431", "500", "503"} <= answers.keys()
    proving = path == "/auth/dev/token"  # a token is asked for with a proof, or without one
    assert ("401" in answers) == (bool(operation["security"]) or proving)
    may_be_missing = "{" in path or path == "/metrics"
    assert ("404" in answers) == may_be_missing
    assert ({"413", "415"} <= answers.keys()) == body
    assert ("422" in answers) == (body or bool(queries) or path.startswith("/v1/"))
    assert ("412" in answers) == ("If-Match" in names)
    assert ("invalid-cursor" in problems(answers["400"])) == ("cursor" in names)
    assert "X-Correlation-ID" in names
    for status, answer in answers.items():
        said = problems(answer)
        assert bool(said) == (int(status) >= 400)
        assert {problem["status"] for problem in said.values()} <= {int(status)}
        assert "X-Correlation-ID" in answer["headers"]
        challenged = CHALLENGED & {*said}
        assert ("WWW-Authenticate" in answer["headers"]) == bool(challenged)
        retryable = any(problem["retryable"] for problem in said.values())
        assert ("Retry-After" in answer["headers"]) == retryable


def test_every_object_is_closed_but_those_that_hold_anything() -> None:
    for part in parts([SCHEMAS, DOCUMENT["paths"]]):
        if part.get("type") == "object" and isinstance(part.get("properties"), dict):
            assert part["additionalProperties"] is False, part


def test_what_is_answered_is_whole_and_what_is_changed_is_not() -> None:
    taken = set()
    for *_, operation in OPERATIONS:
        body = operation.get("requestBody", {}).get("content", {})
        if body:
            assert body.keys() <= {"application/json", "application/merge-patch+json", FORM}
        if "application/json" in body:
            taken.add(body["application/json"]["schema"]["$ref"].rpartition("/")[2])
        if "application/merge-patch+json" in body:
            assert body["application/json"] == body["application/merge-patch+json"]
            schema = resolved(body["application/json"]["schema"])
            assert schema["required"] == []
            assert not any("default" in field for field in schema["properties"].values())
    for name in SCHEMAS.keys() - taken:
        fields = SCHEMAS[name].get("properties", {})
        optional = {"cause"} if name == "Problem" else set()  # of problems, in development
        assert SCHEMAS[name].get("required", []) == [*filter(lambda n: n not in optional, fields)]
        assert not any("default" in field for field in fields.values())
