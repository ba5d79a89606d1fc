import inspect
import re
from collections import Counter

import pytest

from cortex_core.domain import errors
from cortex_core.domain.errors import (
    CortexError,
    Fault,
    InternalError,
    InvalidInputError,
    SettingsError,
    UnauthenticatedError,
    catalogue,
)

ENTRIES = list(catalogue())
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
    assert entry.severity in {"info", "warning", "error", "critical"}


@each_entry
def test_an_entry_knows_no_http(entry: type[CortexError]) -> None:
    assert not re.search(r"\b[1-5]\d\d\b", entry.meaning() + entry.title)
    assert not any("status" in name for name in vars(entry))


@each_entry
def test_what_may_be_tried_again_is_nobodys_fault(entry: type[CortexError]) -> None:
    if entry.retryable:
        assert entry.severity != "info"


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
