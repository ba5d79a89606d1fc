"""Settings: one value, or everything that is wrong at once."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_adapters.local_identity.issuer import ISSUER
from cortex_adapters.settings import (
    MemoryUrl,
    PostgresUrl,
    Secret,
    SqliteUrl,
    events_url,
    load_settings,
)
from cortex_adapters.settings.issuers import LOCAL_ISSUER
from cortex_adapters.settings.page import markdown
from cortex_adapters.settings.table import SETTINGS
from cortex_core.domain.errors import SettingsError
from cortex_core.ports import Clock

PASSWORD = "hunter2-hunter2-hunter2"
PRODUCTION = {
    "CORTEX_ENVIRONMENT": "production",
    "CORTEX_AUTH0_DOMAIN": "tenant.eu.auth0.com",
    "CORTEX_AUTH0_AUDIENCE": "https://cortex.example.com/api",
}


def faults(environ: dict[str, str], **arguments: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, arguments=arguments)
    return caught.value.faults


def faults_or_none(environ: dict[str, str]) -> tuple[str, ...]:
    try:
        load_settings(environ)
    except SettingsError as error:
        return error.faults or ("",)
    return ()


def test_nothing_set_is_a_developers_machine():
    settings = load_settings({"PATH": "/bin", "cortex_port": "1"})
    assert settings.development
    assert settings.database_url == SqliteUrl(path="./cortex.db")
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.docs_url == "http://127.0.0.1:8000/docs"
    assert (settings.log_level, settings.log_format) == ("info", "text")
    assert settings.idle == ()


def test_the_environment_is_read():
    settings = load_settings(
        {
            **PRODUCTION,
            "CORTEX_DATABASE_URL": f"postgresql://u:{PASSWORD}@db:5433/x?sslmode=verify-full",
            "CORTEX_HOST": "::",
            "CORTEX_PORT": "80",
            "CORTEX_WORKERS": "4",
            "CORTEX_PUBLIC_URL": "https://cortex.example.com/",
            "CORTEX_LOG_LEVEL": "warning",
            "CORTEX_CORS_ORIGINS": "https://a.example, http://localhost:3000",
            "CORTEX_ALLOWED_HOSTS": "cortex.example.com,*.example.com,[::1]:8000",
            "CORTEX_TRUSTED_PROXIES": "10.0.0.0/8,::1",
            "CORTEX_METRICS_TOKEN": PASSWORD,
            "CORTEX_RATE_LIMIT_URL": "memory:",
        }
    )
    assert isinstance(settings.database_url, PostgresUrl)
    assert str(settings.database_url) == "postgresql://db:5433/x"
    assert settings.docs_url == "https://cortex.example.com/docs"
    assert settings.log_format == "json"
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.metrics_token == Secret(PASSWORD)
    assert "CORTEX_RATE_LIMIT_URL" in settings.idle
    assert "CORTEX_AUTH0_AUDIENCE" not in settings.idle


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://localhost:8000"), ("::1", "http://[::1]:8000"), ("db", "http://db:8000")],
)
def test_the_public_url_is_one_that_can_be_reached(host: str, url: str):
    assert load_settings({"CORTEX_HOST": host}).public_url == url


def test_every_fault_is_listed_at_once_and_named():
    found = faults(
        {
            "CORTEX_PROT": "1",
            "CORTEX_PORT": "http",
            "CORTEX_ENVIRONMENT": "production",
            "CORTEX_DATABASE_URL": "memory:",
            "CORTEX_CORS_ORIGINS": "*",
            "CORTEX_LOG_LEVEL": "loud",
            "CORTEX_AUTH0_DOMAIN": "https://tenant.auth0.com",
        }
    )
    assert [fault.partition(":")[0] for fault in found] == [
        "CORTEX_PROT",
        "CORTEX_PORT",
        "CORTEX_LOG_LEVEL",
        "CORTEX_AUTH0_DOMAIN",
        "CORTEX_AUTH0_AUDIENCE",
        "CORTEX_CORS_ORIGINS",
        "CORTEX_DATABASE_URL",
    ]
    assert found[0] == "CORTEX_PROT: is no setting; did you mean CORTEX_PORT?"
    assert found[1] == "CORTEX_PORT: must be a number from 1 to 65535"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ENVIRONMENT", "staging"),
        ("ENVIRONMENT", ""),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", " 80"),
        ("PORT", "८०"),
        ("WORKERS", "65"),
        ("HOST", "a b"),
        ("HOST", ""),
        ("PUBLIC_URL", "cortex.example.com"),
        ("PUBLIC_URL", "https://u:p@cortex.example.com"),
        ("PUBLIC_URL", "https://cortex.example.com/?a=b"),
        ("DOCS_URL", "javascript:alert(1)"),
        ("LOG_FORMAT", "xml"),
        ("AUTH0_AUDIENCE", ""),
        ("DPOP_ALGORITHMS", "RS256"),
        ("DPOP_ALGORITHMS", "ES256,ES256"),
        ("DPOP_NONCE", "on"),
        ("SESSION_KEYS", "short"),
        ("SESSION_KEYS", f"{'k' * 32},short"),
        ("SESSION_KEYS", f"{'k' * 31} k"),
        ("CORS_ORIGINS", "https://a.example/"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://a.example,,https://b.example"),
        ("ALLOWED_HOSTS", "https://a.example"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("METRICS_TOKEN", "short"),
        ("RATE_LIMIT_URL", "redis"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "sqlite://cortex.db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///a.db?mode=ro"),
        ("DATABASE_URL", "sqlite:///a\udcff.db"),
        ("DATABASE_URL", "postgresql://host:port/x"),
        ("DATABASE_URL", "postgresql://host:0/x"),
        ("DATABASE_URL", "postgresql://u:p@ss@host/x"),
        ("DATABASE_URL", "postgresql://u:p#ss@host/x"),
        ("DATABASE_URL", "postgresql://host/x?sslmode"),
        ("DATABASE_URL", "postgresql://host/x?sslmode=require&sslmode=disable"),
        ("DATABASE_URL", "host=localhost dbname=x"),
    ],
)
def test_a_wrong_value_is_one_fault(name: str, text: str):
    (fault,) = faults({f"CORTEX_{name}": text})
    assert fault.startswith(f"CORTEX_{name}: must ")


@pytest.mark.parametrize("part", ["a", "a.", "a-", "1:", "/a", "%41", "a,", "@", "[", "a=b&"])
def test_long_text_is_read_in_no_time(part: str):
    began = time.monotonic()
    for setting in SETTINGS:
        for start in ("", "https://", "postgresql://", "sqlite:///"):
            with suppress(ValueError):
                setting.read(f"{start}{part * 20_000}!\0")
    assert time.monotonic() - began < 5


APPLICATION = {
    "CORTEX_AUTH0_DOMAIN": "tenant.example",
    "CORTEX_AUTH0_AUDIENCE": "https://api.example",
    "CORTEX_AUTH0_CLIENT_ID": "browsers",
    "CORTEX_AUTH0_CLIENT_SECRET": "x",
}


@pytest.mark.parametrize("name", ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"])
def test_what_browsers_need_to_sign_on_comes_together(name: str):
    rest = {key: value for key, value in APPLICATION.items() if key != f"CORTEX_{name}"}
    assert f"CORTEX_{name}: is needed for browsers to sign on" in faults(rest)
    assert load_settings(APPLICATION).auth0_client_id == "browsers"


def test_production_seals_with_keys_of_its_own():
    production = {
        **APPLICATION,
        "CORTEX_ENVIRONMENT": "production",
        "CORTEX_DATABASE_URL": "postgresql://localhost/x",
    }
    assert list(faults(production)) == [
        "CORTEX_SESSION_KEYS: is needed in production for browsers to sign on",
        "CORTEX_PUBLIC_URL: must be an https address in production for browsers to sign on",
    ]
    production["CORTEX_PUBLIC_URL"] = "https://cortex.example"
    keys = load_settings({**production, "CORTEX_SESSION_KEYS": f"{'n' * 32}, {'o' * 40}"})
    assert [key.reveal() for key in keys.session_keys] == ["n" * 32, "o" * 40]


def test_a_fault_quotes_no_value():
    said = "\n".join(
        faults(
            {
                "CORTEX_DATABASE_URL": f"postgres://u:{PASSWORD}@h:x/y",
                "CORTEX_AUTH0_CLIENT_SECRET": f"{PASSWORD} ",
                "CORTEX_SESSION_KEYS": PASSWORD[:31],
                "CORTEX_AUTH0_CLIENT_ID": "browsers",
                "CORTEX_METRICS_TOKEN": f"{PASSWORD}\n",
            }
        )
    )
    assert len(said.splitlines()) == 5
    assert PASSWORD not in said


def test_no_secret_shows_in_the_representation():
    settings = load_settings(
        {
            "CORTEX_DATABASE_URL": f"postgresql://u:{PASSWORD}@h/y?password={PASSWORD}",
            "CORTEX_AUTH0_DOMAIN": "tenant.example",
            "CORTEX_AUTH0_AUDIENCE": "https://api.example",
            "CORTEX_AUTH0_CLIENT_ID": "browsers",
            "CORTEX_AUTH0_CLIENT_SECRET": PASSWORD,
            "CORTEX_SESSION_KEYS": f"{PASSWORD * 4},{PASSWORD * 4}",
            "CORTEX_METRICS_TOKEN": PASSWORD,
            "CORTEX_RATE_LIMIT_URL": f"redis://:{PASSWORD}@localhost",
        }
    )
    assert PASSWORD not in f"{settings!r} {settings} {settings.database_url}"
    assert isinstance(settings.database_url, PostgresUrl)
    assert PASSWORD in settings.database_url.conninfo.reveal()


def test_an_argument_goes_before_the_environment_before_the_file(tmp_path: Path):
    config = tmp_path / "cortex.toml"
    config.write_text('port = 1\nhost = "a"\nworkers = 1\ncors_origins = ["https://a.example"]\n')
    environ = {"CORTEX_CONFIG": str(config), "CORTEX_PORT": "2", "CORTEX_HOST": "b"}
    settings = load_settings(environ, arguments={"port": "3"})
    assert (settings.port, settings.host) == (3, "b")
    assert settings.cors_origins == ("https://a.example",)


def test_a_fault_says_where_the_value_was_found(tmp_path: Path):
    secret, config = tmp_path / "secret", tmp_path / "cortex.toml"
    secret.write_text("x\n")
    config.write_text(f'port = "x"\nmetrics_token_file = "{secret}"\n')
    environ = {"CORTEX_CONFIG": str(config), "CORTEX_DATABASE_URL_FILE": str(secret)}
    place = f"(in {config})"
    assert [fault.partition(": ")[0] for fault in faults(environ, workers="0")] == [
        "CORTEX_DATABASE_URL (from CORTEX_DATABASE_URL_FILE)",
        f"CORTEX_PORT {place}",
        "--workers",
        f"CORTEX_METRICS_TOKEN (from CORTEX_METRICS_TOKEN_FILE {place})",
    ]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_value_may_be_in_a_file(tmp_path: Path, end: str):
    secret = tmp_path / "secret"
    secret.write_bytes(PASSWORD.encode() + end.encode())
    settings = load_settings({"CORTEX_METRICS_TOKEN_FILE": str(secret)})
    assert settings.metrics_token == Secret(PASSWORD)


@pytest.mark.parametrize("path", ["", "/nowhere", "/", "/dev/zero", "a\0b", "\udcff"])
def test_a_file_that_cannot_be_read_is_a_fault(path: str):
    (one,) = faults({"CORTEX_PORT_FILE": path})
    assert one.startswith("CORTEX_PORT_FILE: ")
    (other,) = faults({"CORTEX_CONFIG": path})
    assert other.startswith("CORTEX_CONFIG: ")


def test_a_value_is_given_once(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("80")
    assert faults({"CORTEX_PORT": "80", "CORTEX_PORT_FILE": str(secret)}) == (
        "CORTEX_PORT: is given twice, with and without _FILE",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("prot = 1", "CORTEX_PROT (in FILE): is no setting; did you mean CORTEX_PORT?"),
        ("Port = 1", "Port (in FILE): must be in lower case"),
        ("port = 1.5", "CORTEX_PORT (in FILE): must be text, a whole number, or a list of text"),
        ("port = true", "CORTEX_PORT (in FILE): must be text, a whole number, or a list of text"),
        ('cors_origins = ["a,b"]', "CORTEX_CORS_ORIGINS (in FILE): must be text"),
        ("[auth0]\ndomain = 1", "CORTEX_AUTH0 (in FILE): must be text"),
        ("port =", "CORTEX_CONFIG: FILE is not TOML: Invalid value"),
        ("port = " + "9" * 5_000, "CORTEX_CONFIG: FILE is not TOML: "),
        ("port = 0x" + "f" * 5_000, "CORTEX_PORT (in FILE): must be text"),
        ("port = " + "[" * 5_000, "CORTEX_CONFIG: FILE is not TOML: "),
        ("config = 'x'", "CORTEX_CONFIG (in FILE): is no setting"),
    ],
)
def test_a_file_of_settings_is_checked(tmp_path: Path, text: str, fault: str):
    config = tmp_path / "cortex.toml"
    config.write_text(text)
    (found,) = faults({"CORTEX_CONFIG": str(config)})
    assert found.startswith(fault.replace("FILE", str(config)))


@pytest.mark.parametrize("url", ["sqlite:///x.db", "memory:"])
def test_several_processes_need_postgres(url: str):
    (fault,) = faults({"CORTEX_DATABASE_URL": url}, workers="2")
    assert fault.startswith("CORTEX_WORKERS: several processes need PostgreSQL")


def test_a_database_is_named_by_its_address():
    def database(url: str) -> object:
        return load_settings({"CORTEX_DATABASE_URL": url}).database_url

    assert database("sqlite:////var/lib/cortex.db") == SqliteUrl(path="/var/lib/cortex.db")
    assert database("sqlite:///a b%20.db") == SqliteUrl(path="a b%20.db")
    assert database("memory:") == MemoryUrl()
    assert str(database("postgres:///x?host=/run/pg")) == "postgresql:///x?host=/run/pg"
    assert str(database("postgresql://a:1,[::1]:2,c/x")) == "postgresql://a:1,[::1]:2,c/x"


@pytest.mark.parametrize(
    ("url", "around", "refused"),
    [
        ("postgresql://db.example/x", {}, True),
        ("postgresql://db.example/x?sslmode=prefer", {}, True),
        ("postgresql://db.example/x?sslmode=require", {}, False),
        ("postgresql://db.example/x", {"PGSSLMODE": "verify-full"}, False),
        ("postgresql://db.example/x?sslmode=disable", {"PGSSLMODE": "require"}, True),
        ("postgresql://localhost/x", {}, False),
        ("postgresql://127.8.0.1/x", {}, False),
        ("postgresql://[::1]/x", {}, False),
        ("postgresql://localhost,db.example/x", {}, True),
        ("postgresql://localhost/x?host=db.example", {}, True),
        ("postgresql://localhost/x?hostaddr=192.0.2.1", {}, True),
        ("postgresql://db.example/x?hostaddr=127.0.0.1", {}, False),
        ("postgresql://localhost/x", {"PGHOSTADDR": "192.0.2.1"}, True),
        ("postgresql:///x", {}, False),
        ("postgresql:///x", {"PGHOST": "db.example"}, True),
        ("postgresql:///x", {"PGHOST": "/run/postgresql"}, False),
        ("postgresql://%2Frun%2Fpostgresql/x", {}, False),
        ("postgresql:///x?host=/run/postgresql", {}, False),
        ("postgresql:///x?service=main", {}, True),
        ("postgresql://localhost/x", {"PGSERVICE": "main", "PGSSLMODE": "require"}, True),
        ("postgresql:///x?service=main&sslmode=verify-ca", {}, False),
    ],
)
def test_production_needs_encryption_off_this_machine(
    url: str, around: dict[str, str], refused: bool
):
    environ = {**PRODUCTION, **around, "CORTEX_DATABASE_URL": url}
    if refused:
        (fault,) = faults(environ)
        assert fault.startswith("CORTEX_DATABASE_URL: must have sslmode=")
    else:
        assert not load_settings(environ).development


def test_the_table_tells_what_has_an_effect():
    table = markdown()
    for setting in SETTINGS:
        assert (f"`{setting.variable}`" in table) == setting.used
        if setting.default is not None:
            setting.read(setting.default)


def test_names_of_tests_and_ci_are_no_faults():
    load_settings({"CORTEX_TEST_VECTORS": "x", "CORTEX_CI_RUN": "1"})


_NAMES = [setting.variable for setting in SETTINGS]
_VALUES = [
    *("", "*", "memory:", "production", "true", "0x10", "1e3", "-1", "a,b", "[::1]", "@", "///"),
    *("postgresql://[", "postgres://%zz@[::1]:1/%00?host=%2F&x=", "sqlite:///\0", "https://[::"),
    *("https://a.example", "10.0.0.0/33", "\x85", "\u2028", "٣", "{}", "%s"),
]
_TEXT = st.one_of(st.sampled_from(_VALUES), st.text(max_size=60), st.from_regex(r"[a-z]+://.*"))


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(_NAMES),
            st.text(max_size=20).map(lambda end: f"CORTEX_{end}"),
            st.text(),
        ).filter(lambda name: not name.endswith(("_FILE", "CORTEX_CONFIG"))),
        _TEXT,
        max_size=8,
    )
)
@example({"CORTEX_" + "x" * 100_000: ""})
@example({"CORTEX_\ud800\n": "\ud800"})
def test_junk_is_a_fault_or_a_value(environ: dict[str, str]):
    for fault in faults_or_none(environ):
        assert fault.isprintable()
        assert fault.startswith("CORTEX_")
        assert len(fault) < 2_000


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_a_junk_file_is_a_fault_or_a_value(tmp_path_factory: pytest.TempPathFactory, junk):
    config = tmp_path_factory.getbasetemp() / "junk.toml"
    config.write_bytes(junk if isinstance(junk, bytes) else junk.encode("utf-8", "replace"))
    for variable in ("CORTEX_CONFIG", "CORTEX_DATABASE_URL_FILE"):
        assert all(fault.isprintable() for fault in faults_or_none({variable: str(config)}))


TENANT = {
    "CORTEX_AUTH0_DOMAIN": "Tenant.eu.auth0.com, login.example.com",
    "CORTEX_AUTH0_AUDIENCE": "https://cortex.example.com/api",
}
FORMER = {
    "CORTEX_LEGACY_ISSUER": "former",
    "CORTEX_LEGACY_AUDIENCE": "former-api",
    "CORTEX_LEGACY_SECRET": "s" * 32,
    "CORTEX_LEGACY_UNTIL": "2027-03-31",
}


def on_day(day: int) -> Clock:
    return lambda: datetime(2027, 3, day, 23, 59, tzinfo=UTC)


def test_domains_become_issuers():
    settings = load_settings(TENANT)
    assert settings.auth0_domain == ("https://tenant.eu.auth0.com/", "https://login.example.com/")
    nearby = load_settings({**TENANT, "CORTEX_AUTH0_DOMAIN": "http://127.0.0.1:4000"})
    assert nearby.auth0_domain == ("http://127.0.0.1:4000/",)


def test_the_name_of_the_local_issuer_is_one():
    assert LOCAL_ISSUER == ISSUER


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"CORTEX_AUTH0_DOMAIN": "a.test,a.test"}, "AUTH0_DOMAIN"),
        ({"CORTEX_AUTH0_DOMAIN": "cortex.local"}, "AUTH0_DOMAIN"),
        ({"CORTEX_AUTH0_DOMAIN": "http://tenant.test"}, "AUTH0_DOMAIN"),
        ({"CORTEX_AUTH0_DOMAIN": "tenant.test/path"}, "AUTH0_DOMAIN"),
        ({"CORTEX_LEGACY_ISSUER": "https://login.example.com/"}, "LEGACY_ISSUER"),
        ({"CORTEX_LEGACY_ISSUER": "https://cortex.local/"}, "LEGACY_ISSUER"),
        ({"CORTEX_LEGACY_SECRET": "s" * 31}, "LEGACY_SECRET"),
        ({"CORTEX_LEGACY_SECRET": "s " * 32}, "LEGACY_SECRET"),
        ({"CORTEX_LEGACY_SECRET": f"base64:{'QUFB' * 10}"}, "LEGACY_SECRET"),
        ({"CORTEX_LEGACY_SECRET": f"base64:{'QUFB' * 11}QQ"}, "LEGACY_SECRET"),
        ({"CORTEX_LEGACY_SECRET": f"base64:{'QUF_' * 11}"}, "LEGACY_SECRET"),
        ({"CORTEX_LEGACY_UNTIL": "2027-02-29"}, "LEGACY_UNTIL"),
        ({"CORTEX_LEGACY_UNTIL": "20270228"}, "LEGACY_UNTIL"),
        ({"CORTEX_AUTH0_ROLES_CLAIM": "roles"}, "AUTH0_ROLES_CLAIM"),
        ({"CORTEX_AUTH0_ROLES_CLAIM": "https://x.auth0.com/roles"}, "AUTH0_ROLES_CLAIM"),
        ({"CORTEX_TOKEN_LEEWAY": "121"}, "TOKEN_LEEWAY"),
        ({"CORTEX_TOKEN_MAX_LIFETIME": "0"}, "TOKEN_MAX_LIFETIME"),
    ],
    ids=str,
)
def test_issuers_that_cannot_be_told_apart_or_are_weak_are_refused(
    change: dict[str, str], setting: str
):
    (fault,) = faults(TENANT | FORMER | change)
    assert fault.startswith(f"CORTEX_{setting}: ")


def test_links_by_address_need_both_sides():
    settings = load_settings({**TENANT, **FORMER, "CORTEX_LINK_VERIFIED_EMAIL": "on"})
    assert settings.link_verified_email == "on"
    for missing, whole in (("AUTH0_DOMAIN", FORMER), ("LEGACY_ISSUER", TENANT)):
        (fault,) = faults({**whole, "CORTEX_LINK_VERIFIED_EMAIL": "on"})
        assert fault == f"CORTEX_{missing}: is needed with CORTEX_LINK_VERIFIED_EMAIL"


@pytest.mark.parametrize("name", FORMER)
def test_a_former_issuer_is_whole_or_not_there(name: str):
    (fault,) = faults({other: text for other, text in FORMER.items() if other != name})
    assert fault == f"{name}: is needed with the other settings of that issuer"


def test_a_tenant_needs_an_audience_in_development_too():
    (fault,) = faults({"CORTEX_AUTH0_DOMAIN": "tenant.test"})
    assert fault.startswith("CORTEX_AUTH0_AUDIENCE: ")


def test_production_is_reached_by_https_only():
    (fault,) = faults(PRODUCTION | {"CORTEX_AUTH0_DOMAIN": "http://localhost:1,tenant.test"})
    assert fault == "CORTEX_AUTH0_DOMAIN: must be reached by https in production"


def test_production_refuses_a_former_issuer_after_its_last_day():
    load_settings(PRODUCTION | FORMER, clock=on_day(31))
    april = PRODUCTION | FORMER | {"CORTEX_LEGACY_UNTIL": "2027-03-30"}
    with pytest.raises(SettingsError) as error:
        load_settings(april, clock=on_day(31))
    assert error.value.faults == ("CORTEX_LEGACY_UNTIL: 2027-03-30 is over; remove that issuer",)
    load_settings(FORMER | {"CORTEX_LEGACY_UNTIL": "2027-03-30"}, clock=on_day(31))


def test_levels_of_loggers_are_read():
    settings = load_settings({"CORTEX_LOG_LEVELS": "httpx2=debug, uvicorn.error=error"})
    assert settings.log_levels == (("httpx2", "debug"), ("uvicorn.error", "error"))


@pytest.mark.parametrize(
    "text", ["httpx2", "=debug", "httpx2=loud", "a b=debug", "a=debug,a=debug"]
)
def test_levels_of_loggers_are_checked(text: str):
    with pytest.raises(SettingsError, match="CORTEX_LOG_LEVELS"):
        load_settings({"CORTEX_LOG_LEVELS": text})


@pytest.mark.parametrize(
    ("text", "shown", "exposed"),
    [
        ("redis://localhost", "redis://localhost/0", False),
        ("redis://127.0.0.1:6380/3", "redis://127.0.0.1:6380/3", False),
        (f"redis://user:{PASSWORD}@broker:6379/1", "redis://broker:6379/1", True),
        (f"rediss://:{PASSWORD}@broker", "rediss://broker/0", False),
        ("redis://[::1]:6379", "redis://[::1]:6379/0", False),
    ],
)
def test_where_signals_go(text: str, shown: str, exposed: bool):
    url = events_url(text)
    assert (str(url), url.exposed, url.url.reveal()) == (shown, exposed, text)
    assert PASSWORD not in repr(url)


@pytest.mark.parametrize(
    "text",
    ["", "redis://", "http://x", "redis://x:0", "redis://x:y", "redis://x/a", "redis://x?y=z", "x"],
)
def test_where_signals_cannot_go(text: str):
    [fault] = faults({"CORTEX_DATABASE_URL": "postgresql:///x", "CORTEX_EVENTS_URL": text or " "})
    assert fault.startswith("CORTEX_EVENTS_URL: must ")


BESIDE = ["CORTEX_DATABASE_POOLER_URL", "CORTEX_DATABASE_REPLICA_URL"]


@pytest.mark.parametrize("name", BESIDE)
def test_another_way_to_the_database_needs_a_database_to_be_beside(name: str):
    there = {name: f"postgresql://u:{PASSWORD}@far/x"}
    [fault] = faults(there)
    assert fault == f"{name}: needs a PostgreSQL in CORTEX_DATABASE_URL"
    [fault] = faults({"CORTEX_DATABASE_URL": "postgresql:///x", name: "sqlite:///x"})
    assert fault == f"{name}: must be postgresql://user:password@host/name"
    safe = {**PRODUCTION, "CORTEX_DATABASE_URL": "postgresql:///x"}
    [fault] = faults({**safe, **there})
    assert fault.startswith(f"{name}: must have sslmode=")
    load_settings({**safe, name: f"postgresql://u:{PASSWORD}@far/x?sslmode=verify-full"})


def test_signals_need_several_processes_and_in_production_their_secrecy():
    [fault] = faults({"CORTEX_EVENTS_URL": "redis://localhost"})
    assert fault.startswith("CORTEX_EVENTS_URL: is for several processes")
    safe = {**PRODUCTION, "CORTEX_DATABASE_URL": "postgresql:///x"}
    [fault] = faults({**safe, "CORTEX_EVENTS_URL": f"redis://:{PASSWORD}@broker"})
    assert fault.startswith("CORTEX_EVENTS_URL: must be rediss:// in production")
    assert PASSWORD not in fault
    load_settings({**safe, "CORTEX_EVENTS_URL": f"rediss://:{PASSWORD}@broker"})
