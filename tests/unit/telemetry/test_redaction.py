"""Secrets, taken out of what is said; and what is none, left in."""

import json
import logging
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.telemetry.errors import LogErrorReporter, said_by_cause, said_by_vendor, told
from cortex_adapters.telemetry.lines import Place, Record, json_lines, now
from cortex_adapters.telemetry.redaction import HIDDEN, is_secret, redacted, redacted_argument
from cortex_adapters.telemetry.standard import capturing
from cortex_core.domain.errors import InternalError, UnavailableError
from cortex_core.domain.signals import LOG_EVENTS
from tests.unit.telemetry.test_logs import Written

SECRET = "hunter2-0451"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "log")


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://cortex:{SECRET}@db.example/cortex",
        f"cannot reach 'redis://:{SECRET}@cache:6379/0'",
        f"postgresql://cortex:{SECRET}/x@y@db.example/cortex",
        f"host=db password={SECRET} user=cortex",
        f"host=db password='{SECRET} {SECRET}' user=cortex",
        f"{{'password': '{SECRET}', 'user': 'ada'}}",
        f'{{"client_secret": "{SECRET} and more"}}',
        f'"{{\\"client_secret\\": \\"{SECRET}\\"}}"',
        f"[(b'authorization', b'Custom {SECRET}')]",
        f"Headers({{'cookie': '__Host-session={SECRET}; b={SECRET}'}})",
        f"Cookie: a={SECRET}; b={SECRET}",
        f"Authorization: Custom {SECRET}, {SECRET}",
        f"Settings(auth0_client_secret='{SECRET}')",
        f"POST /token?client_secret={SECRET}&x=1",
        f"refresh_token={SECRET}",
        f"api-key: {SECRET}",
        f"Bearer {SECRET}",
        f"sent as bearer%20{SECRET}.",
        f"Basic {SECRET}==",
        f"a token {JWT} that is none",
        JWT,
        f"x={JWT[:-3]}",
        f"{{'passwords': ['{SECRET}', '{SECRET}'], 'user': 'ada'}}",
        f"headers={{'authorization': ('{SECRET}',)}}",
        f"token=[{SECRET}",
        f"Settings(client_secret=Secret(value='{SECRET}'))",
        f"{{'refresh_token': '{SECRET} and more, which was cut",
        f'{{\\"client_secret\\": \\"{SECRET}\\',
        f"-----BEGIN EC PRIVATE KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\\n{SECRET}",
        f"<soap:Token type='x'>{SECRET}</soap:Token>",
        f"https://app.example/callback?code={SECRET}&state=x",
        f"code={SECRET}&grant_type=authorization_code",
        f"code_verifier={SECRET}",
        f"client_assertion={SECRET}",
        f"/logout?id_token_hint={SECRET}",
        f"sk-proj-{SECRET}-and-more",
        f"a key (sk_live_{SECRET}_x)",
        f"ghp_{SECRET.replace('-', '')}abcdefgh",
        f"password={SECRET}...14-more...{SECRET}",
        f"{JWT}...14-more...sdWIi.{SECRET}",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str):
    said = redacted(text)
    assert SECRET not in said
    assert "eyJ" not in said
    assert "sdWIi" not in said
    assert HIDDEN in said


@pytest.mark.parametrize(
    "text",
    [
        "/v1/conversations/{conversation_id}/messages",
        "01978f3a-5c00-7a1e-9b37-3c1e5a0d2f41",
        "Send one Authorization header: Bearer, a space, and the token.",
        "postgresql://db.example/cortex",
        "postgresql://cortex@db.example:5432/cortex",
        "http://127.0.0.1:8000/docs/errors#not-found",
        "KeyError: 'inner'",
        'relation "messages" does not exist',
        "the token has expired",
        "the verb's exit code=1",
        "ask-for-what-you-are-after-today",
        "AKIAN",
        "",
    ],
)
def test_what_is_none_stays(text: str):
    assert redacted(text) == text


@pytest.mark.parametrize(
    "name",
    [
        *("password", "DB_PASSWORD", "token", "access_token", "tokens", "Set-Cookie", "key"),
        *("api_key", "apiKey", "authorization", "client_secret", "session_keys", "x.key"),
    ],
)
def test_a_value_with_the_name_of_a_secret_is_one(name: str):
    assert is_secret(name)
    said = Record(at=now(), level="info", event="x", attributes={name: SECRET})
    assert SECRET.encode() not in json_lines()(said, Place())


@pytest.mark.parametrize(
    "beginning",
    [
        *("sk-", "sk_", "rk_live_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        *("glpat-", "xoxb-", "xoxp-", "AKIA", "ASIA"),
    ],
)
def test_a_key_is_known_by_how_it_begins(beginning: str):
    key = f"{beginning}ABCDEFGHIJ0123456789"
    assert redacted(key) == HIDDEN
    assert redacted(f"with {key}, and more") == f"with {HIDDEN}, and more"


def test_no_line_of_ours_has_a_field_that_is_taken_for_a_secret():
    taken = [name for event in LOG_EVENTS.values() for name in event.fields if is_secret(name)]
    assert taken == []
    assert not any(map(is_secret, ("correlation_id", "trace_id", "route", "monkey", "keyboard")))


@pytest.mark.parametrize("before", range(3_900, 4_020, 7))
def test_a_secret_that_is_cut_in_two_is_taken_out_whole(before: int):
    secret = "hunter2" * 20
    text = f"{'x ' * (before // 2)}password={secret} {'y' * 4_000}"
    said = Record(at=now(), level="info", event="x", attributes={"message": text})
    assert b"hunter2" not in json_lines()(said, Place())


def test_names_are_looked_at_at_every_depth():
    given_value = {
        "user": "ada",
        "auth": {"Token": SECRET, "more": [{"password": [SECRET]}, ("cookie", SECRET)]},
        b"authorization": SECRET,
    }
    said = repr(redacted_argument(given_value))
    assert SECRET not in said
    assert "ada" in said
    endless: list[object] = []
    endless.append(endless)
    assert HIDDEN in repr(redacted_argument(endless))


def test_what_libraries_say_is_without_secrets(written: Written):
    library = logging.getLogger("library")
    headers = [(b"authorization", b"Custom " + SECRET.encode())]
    with written.open() as log, capturing(log):
        library.warning("asked with %s", {"headers": headers, "form": {"client_secret": SECRET}})
        library.warning("asked with %r and %d", headers, 3)
        library.warning("%(name)s of %(token)s", {"name": "the first", "token": SECRET})
        library.warning(f"token={SECRET}")
        try:
            raise ValueError(f"cannot reach postgresql://u:{SECRET}@host")
        except ValueError:
            library.exception("failed with %s", f"Bearer {SECRET}")
    assert SECRET not in written.text
    messages = [line["message"] for line in written.lines]
    assert messages[1].endswith("and 3")
    assert messages[2] == f"the first of {HIDDEN}"


def test_a_traceback_keeps_its_code_and_loses_the_secrets_in_its_words(written: Written):
    def fail(password: str) -> None:
        try:
            raise KeyError(f"password={password}")
        except KeyError as error:
            error.add_note(f"Authorization: Custom {password}")
            raise ExceptionGroup("both", [error, OSError(f"Bearer {password}")]) from error

    with pytest.raises(ExceptionGroup) as caught:
        fail(password=SECRET)
    with written.open() as log:
        LogErrorReporter(log).report(caught.value, operation="x")
    [line] = written.lines
    assert SECRET not in json.dumps(line)
    assert "fail(password=SECRET)" in line["traceback"], "code is no secret"
    assert "KeyError: 'password=[redacted]" in line["traceback"]


def test_words_that_look_like_a_frame_are_looked_at():
    error = ValueError("x")
    error.add_note(f'  File "password={SECRET}"')
    assert SECRET not in told(error)


def test_a_row_that_postgresql_refuses_is_not_shown():
    error = ValueError(
        'new row violates check constraint "x"\n'
        f"DETAIL:  Failing row contains (1, {SECRET},\n\n{SECRET}).\nHINT: none"
    )
    said = told(error)
    assert SECRET not in said
    assert 'violates check constraint "x"' in said


def test_what_a_vendor_says_is_without_secrets():
    error = UnavailableError()
    error.__cause__ = OSError(f"no route to postgresql://u:{SECRET}@host/db")
    assert said_by_vendor(error) == f"no route to postgresql://u:{HIDDEN}@host/db"


def _from(cause: BaseException) -> InternalError:
    between, error = UnavailableError(), InternalError("incident")
    error.__cause__, between.__cause__ = between, cause
    return error


def test_what_an_error_goes_back_to_is_said_in_one_line():
    assert said_by_cause(_from(KeyError("x\ny"))) == "builtins.KeyError: 'x\\ny'"
    assert said_by_cause(_from(ValueError("one\n  two"))) == "builtins.ValueError: one two"
    assert len(said_by_cause(_from(ValueError("x" * 1_000_000)))) == 300
    assert said_by_cause(UnavailableError()) == ""


def test_an_error_of_ours_says_what_it_has_beyond_its_meaning():
    assert said_by_cause(InternalError("4711")).endswith("Incident: 4711")
    replaced, asked = UnavailableError("The file was replaced."), UnavailableError("Not ready.")
    asked.__cause__ = replaced
    assert said_by_cause(asked) == "The file was replaced."


def test_what_an_error_goes_back_to_is_said_without_secrets():
    said = said_by_cause(_from(OSError(f"no route to postgresql://u:{SECRET}@host/db")))
    assert said == f"builtins.OSError: no route to postgresql://u:{HIDDEN}@host/db"
    row = f'violates "x"\nDETAIL:  Failing row contains (1, {SECRET},\n\n{SECRET}).'
    assert said_by_cause(_from(ValueError(row))) == (
        f'builtins.ValueError: violates "x" DETAIL: {HIDDEN}'
    )


def test_a_cause_without_words_is_said_by_its_name():
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert said_by_cause(_from(MuteError())).endswith("MuteError")


def test_a_long_text_is_looked_at_in_part():
    error = ValueError(f"Bearer {SECRET} " + "a" * 5_000_000 + f" Bearer {SECRET}")
    began = time.process_time()
    said = told(error)
    assert time.process_time() - began < 0.5
    assert SECRET not in said
    assert said.endswith(f"Bearer {HIDDEN}\n")


@given(st.text())
def test_any_text_is_redacted_to_text(text: str):
    redacted(redacted(text))


@pytest.mark.parametrize(
    "piece",
    [
        *("a", "://a:", "'", '"', "token='", "token", "eyJaaaa.", "bearer ", "cookie:", "\\", "= "),
        *("token=[", "token=a(", "token={"),
        *('token=\\"', "-----BEGIN ", "-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_no_text_takes_long(piece: str):
    text = (piece * 100_000)[:100_000]
    began = time.process_time()
    redacted(text)
    assert time.process_time() - began < 1


def test_a_line_of_a_request_costs_next_to_nothing_more():
    values = ["GET", "/v1/conversations/{conversation_id}/messages", "not-found", "auth0|1234567"]
    values += [JWT[3:35], "c0ffee" * 3, "cortex-core", "0.1.0", "development"]
    began = time.process_time()
    for _ in range(10_000):
        for value in values:
            redacted(value)
    micros = (time.process_time() - began) * 100
    assert micros < 20


def test_many_beginnings_of_a_token_are_looked_at_once():
    def took(length: int) -> float:
        text = " " + "eyJ" * length
        began = time.process_time()
        assert redacted(text) == text
        return time.process_time() - began

    took(100)
    # of n places each would look at n others: 2.5 s for the longer one
    assert took(10_000) < 0.5


def test_what_only_begins_like_a_token_stays():
    assert redacted(f"x: eyJabcdefgh and {JWT}, eyJ") == f"x: eyJabcdefgh and {HIDDEN}, eyJ"
