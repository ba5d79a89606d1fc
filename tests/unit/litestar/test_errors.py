"""Every error of the catalogue has its answer, in one shape."""

import inspect
from collections.abc import AsyncGenerator
from dataclasses import replace

import msgspec
import pytest
from litestar import Litestar
from litestar.exceptions import HTTPException

from cortex_adapters.litestar.challenges import Challenges
from cortex_adapters.litestar.errors import STATUS, problem_of, status_of
from cortex_core.domain import errors
from cortex_core.domain.errors import CortexError, Fault, InvalidInputError, catalogue
from cortex_core.services.following import Item, Quiet
from tests.unit.litestar.asgi import JSON, Client
from tests.unit.litestar.eventsource import parse
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Scene

# What has no answer of its own, because no request can meet it but as our own failure.
OURS = {errors.InternalError, errors.SettingsError, errors.TurnAbandonedError}
MADE = {
    errors.InvalidInputError: InvalidInputError(Fault("/a", "type", "must be b")),
    errors.SettingsError: errors.SettingsError(["a"]),
    errors.InternalError: errors.InternalError("incident"),
}
ENTRIES = list(catalogue())


def _made(entry: type[CortexError]) -> CortexError:
    return MADE[entry] if entry in MADE else entry()


def test_the_catalogue_is_whole() -> None:
    """Whatever is defined beside it is in it, under a code of its own."""
    defined = {
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, CortexError) and each is not CortexError
    }
    assert {*ENTRIES} == defined
    assert len({entry.code for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_has_a_status_that_somebody_chose(entry: type[CortexError]) -> None:
    chosen = next(kind for kind in entry.__mro__ if kind in STATUS)
    assert (chosen is CortexError) is (entry in OURS)
    status = status_of(entry)
    assert 400 <= status <= 599
    # A client's fault is not told as ours, and what may be tried again is not the client's.
    assert not (entry.retryable and status < 500)
    assert (status == 500) is (entry in OURS)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_becomes_a_problem(entry: type[CortexError]) -> None:
    made = problem_of(_made(entry), word="word", docs_url="https://docs.example")
    assert (made.code, made.title, made.retryable) == (entry.code, entry.title, entry.retryable)
    assert made.type == f"https://docs.example/errors#{entry.code}"
    assert made.detail
    assert entry.remedy.endswith(".") or entry.remedy.startswith("Run: ")
    assert entry.meaning()


def test_nothing_in_the_table_is_idle() -> None:
    for kind in STATUS:
        assert any(
            next(each for each in entry.__mro__ if each in STATUS) is kind
            for entry in (*ENTRIES, CortexError)
        )


@pytest.mark.parametrize("entry", ENTRIES)
def test_only_a_credential_is_challenged(entry: type[CortexError]) -> None:
    challenges = Challenges(resource_metadata="https://cortex.example/x", algorithms=("ES256",))
    made = challenges.to(_made(entry))
    asked = issubclass(entry, errors.UnauthenticatedError | errors.MalformedCredentialError)
    assert (made is not None) is asked
    # Our own words: nothing that a caller sent is repeated in a header.
    evil = 'evil"\r\nx: y'
    for reasoned in (errors.UnauthenticatedError(evil), errors.ProofRejectedError(evil)):
        for proving in (False, True):
            assert "evil" not in str(challenges.to(reasoned, proving=proving))


@pytest.mark.parametrize("entry", ENTRIES)
async def test_every_entry_is_answered_as_it_says(
    api: Client, scene: Scene, entry: type[CortexError]
) -> None:
    async def broken(*what: object) -> None:
        raise _made(entry)

    scene.cortex.users.me = broken  # type: ignore[assignment, method-assign]
    answer = await api.get("/v1/me")
    found = problem(answer, status_of(entry), entry.code)
    if entry.retryable:
        assert int(answer.header("retry-after") or "") >= 1
    if entry is errors.InvalidInputError:
        assert found["errors"] == [{"pointer": "/a", "code": "type", "message": "must be b"}]
        assert found["detail"] == "/a: must be b"


@pytest.mark.parametrize("entry", ENTRIES)
async def test_a_failure_of_ours_says_its_cause_where_that_is_shown(
    app: Litestar, api: Client, scene: Scene, entry: type[CortexError]
) -> None:
    async def broken(*what: object) -> None:
        raise _made(entry) from LookupError("no row")

    scene.cortex.users.me = broken  # type: ignore[assignment, method-assign]
    assert "cause" not in (await api.get("/v1/me")).json()
    _show_causes(app)
    shown = (await api.get("/v1/me")).json().get("cause")
    assert shown == ("no row" if status_of(entry) >= 500 else None)


async def test_what_nobody_planned_for_says_its_cause_where_that_is_shown(
    app: Litestar, api: Client, scene: Scene
) -> None:
    async def broken(*what: object) -> None:
        raise LookupError("no row")

    async def opened(*what: object) -> AsyncGenerator[Item, None]:
        return lost()

    async def lost() -> AsyncGenerator[Item, None]:
        yield Quiet()
        raise LookupError("no row")

    scene.cortex.users.me = broken  # type: ignore[assignment, method-assign]
    scene.cortex.following.open = opened  # type: ignore[assignment, method-assign]
    here = f"/v1/conversations/{scene.conversation.id}/events"

    async def causes() -> list[str | None]:
        answer = (await api.get("/v1/me")).json()
        async with api.stream(here) as stream:
            source = parse(await stream.rest())
        goodbye = source.messages[-1].json()["data"]
        assert (answer["code"], goodbye["code"]) == ("internal", "internal")
        return [answer.get("cause"), goodbye.get("cause")]

    assert await causes() == [None, None]
    _show_causes(app)
    assert await causes() == ["no row", "no row"]


def _show_causes(app: Litestar) -> None:
    def cause(error: CortexError) -> str:
        return "" if error.__cause__ is None else str(error.__cause__)

    app.state.service = replace(app.state.service, cause=cause)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "malformed-request"),
        (404, "not-found"),
        (405, "method-not-allowed"),
        (406, "not-acceptable"),
        (413, "too-large"),
        (415, "unsupported-format"),
        (401, "internal"),
        (409, "internal"),
        (418, "internal"),
        (500, "internal"),
        (503, "internal"),
    ],
)
async def test_what_the_framework_raises_is_answered_in_our_words(
    api: Client, scene: Scene, status: int, code: str
) -> None:
    async def broken(*what: object) -> None:
        raise HTTPException("secret", status_code=status, headers={"allow": "GET"})

    scene.cortex.users.me = broken  # type: ignore[assignment, method-assign]
    answer = await api.get("/v1/me")
    problem(answer, 500 if code == "internal" else status, code)
    assert "secret" not in answer.body.decode()
    assert (answer.header("allow") is not None) is (status == 405)


async def test_a_thousand_faults_are_not_answered_with_a_book(api: Client, scene: Scene) -> None:
    here = f"/v1/conversations/{scene.conversation.id}/messages"
    body = b'{"content": "", "metadata": {"a": [' + b"1e999," * 100_000 + b"0]}}"
    answer = await api.ask("POST", here, JSON, body)
    found = problem(answer, 422, "invalid-input")
    assert found["errors"][:2] == [
        {"pointer": "/content", "code": "length", "message": "must have 1 to 32000 characters"},
        {"pointer": "/metadata/a/0", "code": "range", "message": "numbers must be finite"},
    ]
    assert len(answer.body) < 20_000


def test_a_name_of_any_length_is_told_in_part() -> None:
    fault = Fault(pointer="/" + "~" * 1_000_000, code="unknown-field", message="x" * 1_000_000)
    error = errors.InvalidInputError(*[fault] * 60)
    told = problem_of(error, word="w", docs_url="https://docs.example")
    assert len(msgspec.json.encode(told)) < 200_000
    assert told.errors[0].pointer.startswith("/~~~")
