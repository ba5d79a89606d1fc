"""The entry: what was asked wrongly, what failed, and what nobody planned for."""

import os
import subprocess
import sys

import pytest

from cortex_adapters.cli.endings import broke, missing, refused
from cortex_adapters.cli.main import main
from cortex_core.domain.errors import (
    BusyError,
    CortexError,
    InternalError,
    MovedError,
    UnavailableError,
    catalogue,
)
from tests.unit.cli.conftest import Cortex

COMMAND = [sys.executable, "-m", "cortex_adapters.cli.main"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sing"],
        ["serve", "--prot", "1"],
        ["db"],
        ["db", "drop"],
        ["routes", "extra"],
    ],
    ids=" ".join,
)
def test_what_is_asked_wrongly_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: cortex ")


def test_help_imports_no_vendor():
    script = (
        "import sys\n"
        "from cortex_adapters.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "serve" in ran.stdout
    loaded = set(ran.stderr.split())
    assert not loaded & {"litestar", "uvicorn", "jwt", "cryptography", "psycopg", "aiosqlite"}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("cortex 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["routes"],
        ["openapi"],
        ["db", "status"],
        ["db", "upgrade"],
        ["token", "--email", "a@b"],
    ],
    ids=" ".join,
)
def test_wrong_settings_are_listed_and_end_with_2(cortex: Cortex, arguments: list[str]):
    code, out, err = cortex(*arguments, port="http", prot="1")
    assert (code, out) == (2, "")
    assert err == (
        "cortex: Invalid settings:\n"
        "  CORTEX_PROT: is no setting; did you mean CORTEX_PORT?\n"
        "  CORTEX_PORT: must be a number from 1 to 65535\n"
        "Correct each setting that is named.\n"
    )


@pytest.mark.parametrize("arguments", [["serve"], ["routes"], ["openapi"]], ids=" ".join)
def test_production_says_at_once_all_that_keeps_it_from_starting(
    cortex: Cortex, arguments: list[str]
):
    code, out, err = cortex(
        *arguments,
        environment="production",
        legacy_issuer="former",
        legacy_secret="s" * 32,
        legacy_until="2020-02-29",
    )
    assert (code, out) == (2, "")
    assert err == (
        "cortex: Invalid settings:\n"
        "  CORTEX_AUTH0_DOMAIN: is needed in production; the local issuer lets anybody in\n"
        "  CORTEX_AUTH0_AUDIENCE: is needed with CORTEX_AUTH0_DOMAIN, and in production\n"
        "  CORTEX_LEGACY_AUDIENCE: is needed with the other settings of that issuer\n"
        "  CORTEX_LEGACY_UNTIL: 2020-02-29 is over; remove that issuer\n"
        "Correct each setting that is named.\n"
    )


def test_production_has_no_tokens_to_give_away(cortex: Cortex):
    code, out, _ = cortex(
        "routes",
        environment="production",
        auth0_domain="tenant.eu.auth0.com",
        auth0_audience="https://cortex.example.com",
    )
    assert code == 0
    assert "/v1/me" in out
    assert "/auth/dev/token" not in out


def test_every_error_of_the_catalogue_has_an_ending(capsys: pytest.CaptureFixture[str]):
    wrongly = {"invalid-settings", "invalid-input"}
    for kind in catalogue():
        error = kind.__new__(kind)
        vars(error)["faults"] = ()
        assert refused(error) == (2 if kind.code in wrongly else 1)
        said = capsys.readouterr().err
        assert said.startswith(f"cortex: {kind.title}")
        # whoever sits at a shell is the operator whom callers are told to ask
        remedy = kind.operator if kind in {MovedError, InternalError} else kind.remedy
        assert said.endswith(f"{remedy}\n")


def test_a_dependency_that_is_away_is_quoted_in_development_and_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def told(error: CortexError, cause: Exception) -> str:
        error.__cause__ = cause
        refused(error)
        return capsys.readouterr().err

    inner = UnavailableError()
    inner.__cause__ = OSError("Connection\nrefused " + "x" * 1_000)
    said = told(UnavailableError("postgresql://db/x cannot be reached."), inner)
    first, second, third, _, _ = said.split("\n")
    assert first == "cortex: Dependency unavailable: postgresql://db/x cannot be reached."
    assert second == "Nothing listens there."
    assert third.startswith("(Connection refused xxx")
    assert len(third) == 302
    assert "hidden" not in told(BusyError(), ValueError("hidden"))
    monkeypatch.setenv("CORTEX_PORT", "x")
    assert "xxx" not in told(UnavailableError(), inner), "nobody knows whether this is development"


def test_what_nobody_planned_for_has_an_incident(cortex: Cortex, capfd: pytest.CaptureFixture[str]):
    assert broke(ZeroDivisionError("by zero"), "serve") == 1
    log, title, remedy, _ = capfd.readouterr().err.rsplit("\n", 3)
    incident = title.rpartition("Incident: ")[2]
    assert title.startswith("cortex: Internal error: ")
    assert remedy == InternalError.operator
    assert f"incident={incident}" in log
    assert "operation=cli.serve" in log
    assert "ZeroDivisionError: by zero" in log


def test_an_extra_that_is_missing_is_named(capfd: pytest.CaptureFixture[str]):
    assert missing(ModuleNotFoundError("x", name="psycopg.rows"), "serve") == 1
    assert "pip install 'cortex-core[postgres]'" in capfd.readouterr().err
    assert missing(ModuleNotFoundError("x", name="our_own_mistake"), "serve") == 1
    assert "Incident: " in capfd.readouterr().err


def test_a_reader_that_has_enough_is_no_failure_to_speak_of():
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run([*COMMAND, "openapi"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, b"")
