import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from cortex_core.domain import errors
from cortex_core.domain.errors import (
    Category,
    CortexError,
    Fault,
    InternalError,
    InvalidInputError,
    SettingsError,
    Severity,
    UnauthenticatedError,
    catalogue,
)

ROOT = Path(__file__).parents[3]
ENTRIES = list(catalogue())
INSIDE = {
    "CommandError": {"cli"},  # a command's own, said and answered where it ends
    "Exception": {"postgres"},  # what a unit of work raised before, once more
    "FetchError": {"auth0"},  # translated where keys and people are looked up
    "InterruptedError": {"sqlite"},  # stops a copy that nobody waits for any more
    "LifespanError": {"uvicorn"},  # the application's, before there is anybody to answer
    "LostError": {"redis"},  # its own, of a connection that says nothing; caught where it is kept
    "LookupError": {"litestar"},  # of the OpenAPI document, found by its tests
    "NotImplementedError": {"litestar"},
    "RuntimeError": {"memory", "postgres", "sqlite"},  # called as nobody may: our own fault
    "ValueError": {
        "auth0",
        "moving",
        "otel",
        "settings",
    },  # of readers, caught by whoever calls them
}
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.__name__)


def test_the_catalogue_has_every_error_of_the_module_once() -> None:
    named = {
        value
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, CortexError) and value is not CortexError
    }
    assert Counter(ENTRIES) == Counter(named)


def test_every_code_is_there_once() -> None:
    assert max(Counter(entry.code for entry in ENTRIES).values()) == 1


@each_entry
def test_an_entry_says_all_that_is_asked_of_it(entry: type[CortexError]) -> None:
    assert entry.__name__.endswith("Error")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.code)
    assert re.fullmatch(r"[A-Z].*[a-z]", entry.title)
    assert re.fullmatch(r"[A-Z].*\.", entry.meaning())
    assert "\n" not in entry.meaning()
    assert entry.remedy
    assert entry.severity in get_args(Severity)
    assert entry.category in get_args(Category)
    assert re.fullmatch(r"([A-Z`].*\.)?", entry.operator)


@each_entry
def test_what_is_no_callers_fault_is_for_the_operator(entry: type[CortexError]) -> None:
    if entry.severity != "info":
        assert entry.operator


@each_entry
def test_the_alert_that_tells_of_it_has_a_runbook(entry: type[CortexError]) -> None:
    if entry.runbook:
        assert (ROOT / "docs/runbooks" / f"{entry.runbook}.md").is_file()


def _raised() -> Iterator[tuple[str, str]]:
    """Yield each error that the code raises by its name, and in which room."""
    for path in (ROOT / "src").rglob("*.py"):
        where = path.relative_to(ROOT / "src")
        if where.parts[:2] == ("cortex_core", "contract"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and node.exc is not None:
                for name in ast.walk(node.exc):
                    if isinstance(name, ast.Name) and name.id.endswith(("Error", "Exception")):
                        yield where.parts[1], name.id


def test_what_is_raised_is_in_the_catalogue_or_stays_in_its_room() -> None:
    named = {entry.__name__ for entry in ENTRIES}
    others: dict[str, set[str]] = {}
    for room, name in _raised():
        if name not in named:
            others.setdefault(name, set()).add(room)
    assert others == INSIDE


@each_entry
def test_each_is_raised_somewhere(entry: type[CortexError]) -> None:
    text = "".join(
        path.read_text()
        for path in (ROOT / "src").rglob("*.py")
        if "errors" not in path.parts or "domain" not in path.parts
    )
    assert re.search(rf"\b{entry.__name__}\b(?!,$)", text)


@each_entry
def test_an_entry_knows_no_http(entry: type[CortexError]) -> None:
    assert not re.search(r"\b[1-5]\d\d\b", entry.meaning() + entry.title)
    assert not any("status" in name for name in vars(entry))


@each_entry
def test_what_may_be_tried_again_is_nobodys_fault(entry: type[CortexError]) -> None:
    if entry.retryable:
        assert entry.severity != "info"


def test_what_may_be_sent_again_as_it_is() -> None:
    """Not what may have been done already, nor what only the operator can put right."""
    assert {entry.code for entry in ENTRIES if entry.retryable} == {
        "busy",
        "collision",
        "dependency-unavailable",
        "frozen",
        "identity-unavailable",
        "overloaded",
        "storage-full",
        "storage-read-only",
        "timeout",
    }


def test_an_error_speaks_its_docstring() -> None:
    assert str(errors.NotFoundError()) == errors.NotFoundError.meaning()
    assert str(errors.NotFoundError("No such thing.")) == "No such thing."


def test_faults_are_named_by_their_fields() -> None:
    error = InvalidInputError(
        Fault("/name", "blank", "must not be blank"), Fault("", "type", "must be an object")
    )
    assert str(error) == "/name: must not be blank; /: must be an object"
    assert [fault.code for fault in error.faults] == ["blank", "type"]


def test_a_caller_is_not_told_why_its_credential_was_refused() -> None:
    error = UnauthenticatedError("bad signature of key 7")
    assert error.reason == "bad signature of key 7"
    assert "signature" not in str(error)
    assert str(UnauthenticatedError(missing=True)) != str(error)


def test_an_incident_is_quoted() -> None:
    assert "1234" in str(InternalError("1234"))
    assert InternalError("1234").incident == "1234"


def test_every_wrong_setting_is_told() -> None:
    error = SettingsError(["CORTEX_PORT: one", "CORTEX_HOST: two"])
    assert error.faults == ("CORTEX_PORT: one", "CORTEX_HOST: two")
    assert str(error).splitlines() == list(error.faults)
