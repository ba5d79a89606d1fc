"""The server, put together on each kind of database."""

import asyncio
import json
from pathlib import Path

import pytest

from cortex_adapters.postgres import schema
from cortex_adapters.server import naming, open_service, open_store, require_readable, shown_cause
from cortex_adapters.settings import Settings, load_settings
from cortex_core.domain.errors import (
    BusyError,
    OutcomeUnknownError,
    SchemaError,
    UnavailableError,
)
from cortex_core.ports import Credential

PRODUCTION = {
    "CORTEX_ENVIRONMENT": "production",
    "CORTEX_AUTH0_DOMAIN": "tenant.eu.auth0.com",
    "CORTEX_AUTH0_AUDIENCE": "https://cortex.example.com/api",
}


def on(url: str, **environ: str) -> Settings:
    return load_settings({"CORTEX_DATABASE_URL": url, **environ})


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "memory":
        return on("memory:")
    if request.param == "sqlite":
        return on(f"sqlite:///{tmp_path}/cortex.db")
    url = request.getfixturevalue("fresh_database")
    await schema.upgrade(url)
    return on(url)


async def test_a_token_of_the_service_proves_who_asked_for_it(settings: Settings):
    async with open_service(settings) as service:
        assert service.issuer is not None
        token = await service.issuer.token(email="ada@example.com", name="Ada", permissions=None)
        credential = Credential(scheme="Bearer", token=token.access_token)
        principal = await service.cortex.ports.identity.authenticate(credential)
        me = await service.cortex.users.me(principal)
        assert me.user.email == "ada@example.com"
        assert "keys" in await service.issuer.jwks()


async def test_a_service_that_is_open_is_ready(settings: Settings):
    async with open_service(settings) as service:
        across = str(settings.database_url).startswith("postgresql")
        assert set(service.ready) == {"database", "schema", "loop", *(["events"] if across else [])}
        for check in service.ready.values():
            await check()


async def test_sqlite_upgrades_itself_in_development_only(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/cortex.db"
    with pytest.raises(SchemaError, match="at step 0 and"):
        async with open_store(on(url, **PRODUCTION)):
            pass
    async with open_store(on(url)) as store:
        await require_readable(store)
    async with open_store(on(url, **PRODUCTION)) as store:
        await require_readable(store)


async def test_postgres_does_not_upgrade_itself(fresh_database: str):
    with pytest.raises(SchemaError, match="at step 0 and"):
        async with open_store(on(fresh_database)):
            pass


def test_production_never_shows_what_an_error_goes_back_to():
    error = UnavailableError()
    error.__cause__ = OSError("no route to 10.0.0.7")
    assert "10.0.0.7" in shown_cause(on("memory:"))(error)
    assert shown_cause(on("sqlite:///x.db", **PRODUCTION))(error) == ""


async def test_one_service_for_one_file(tmp_path: Path):
    settings = on(f"sqlite:///{tmp_path}/cortex.db")
    async with open_service(settings):
        with pytest.raises(BusyError):
            async with open_service(settings):
                pass
    async with open_service(settings):
        pass


def test_an_error_without_words_gets_the_name_of_the_database():
    url = on("postgresql://u:hunter2@db.example/x").database_url
    with pytest.raises(UnavailableError) as caught, naming(url):
        raise UnavailableError
    assert str(caught.value) == "postgresql://db.example/x cannot be reached."
    said = UnavailableError("./cortex.db: cannot be opened.")
    with pytest.raises(UnavailableError) as caught, naming(url):
        raise said
    assert caught.value is said
    with pytest.raises(OutcomeUnknownError) as unknown, naming(url):
        raise OutcomeUnknownError
    assert type(unknown.value) is OutcomeUnknownError


async def test_a_service_tells_that_its_file_is_gone_and_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    file, elsewhere = tmp_path / "cortex.db", tmp_path / "elsewhere"
    settings = on(f"sqlite:///{file}", CORTEX_LOG_FORMAT="json")
    async with open_service(settings) as service:
        file.rename(elsewhere)
        with pytest.raises(UnavailableError):
            await service.ready["database"]()
        await asyncio.sleep(1.2)  # the turn worker looks each second
        elsewhere.rename(file)
        await service.ready["database"]()
        await asyncio.sleep(1.2)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["database.away", "database.back"]
    assert lines[0]["message"] == "The database file was deleted or moved while it was open."
