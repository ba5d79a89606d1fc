"""Sessions of browsers, as several processes see them."""

import asyncio
from datetime import timedelta

import pytest

from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.sign_on import MemorySignOn
from cortex_core import Cortex
from cortex_core.domain.errors import (
    IdentityUnavailableError,
    MalformedError,
    SignOnFailedError,
    UnauthenticatedError,
    UnavailableError,
)
from cortex_core.ports import Credential, LogoutNotice, Principal
from cortex_core.services.browsers import PATIENCE_SECONDS, Browsers
from cortex_core.services.sessions import Sessions
from tests.unit.services.scene import Clock, Link, someone

ADA = someone("ada")


class SlowSignOn(MemorySignOn):
    """Takes its time to refresh, and may be away meanwhile."""

    away = False

    async def refresh(self, sealed: bytes) -> bytes:
        await asyncio.sleep(0.02)
        if self.away:
            raise IdentityUnavailableError
        return await super().refresh(sealed)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sign_on(clock: Clock) -> SlowSignOn:
    return SlowSignOn(MemoryIdentityProvider(clock=clock), clock=clock)


def _process(link: Link, clock: Clock, sign_on: SlowSignOn) -> Browsers:
    identity = sign_on.identity
    cortex = Cortex(ports_around(link, clock=clock, identity=identity, sign_on=sign_on))
    assert cortex.browsers is not None
    return cortex.browsers


@pytest.fixture
def here(link: Link, clock: Clock, sign_on: SlowSignOn) -> Browsers:
    return _process(link, clock, sign_on)


@pytest.fixture
def there(link: Link, clock: Clock, sign_on: SlowSignOn) -> Browsers:
    return _process(link, clock, sign_on)


async def _signed_on(browsers: Browsers, sign_on: SlowSignOn) -> str:
    attempt = await browsers.begin("/")
    parameters = sign_on.approve(attempt.state, ADA)
    return (await browsers.finish(parameters, attempt.sealed, before=None)).secret


async def test_a_session_is_one_for_all_processes(
    here: Browsers, there: Browsers, sign_on: SlowSignOn
) -> None:
    secret = await _signed_on(here, sign_on)
    assert (await there.authenticate(secret)).subject == "ada"
    await there.leave(secret)
    with pytest.raises(UnauthenticatedError):
        await here.authenticate(secret)


async def test_twenty_requests_at_once_refresh_once_b20(
    here: Browsers, there: Browsers, sign_on: SlowSignOn, clock: Clock
) -> None:
    secret = await _signed_on(here, sign_on)
    clock.advance(3590)
    found = await asyncio.gather(
        *(process.authenticate(secret) for process in (here, there) for _ in range(10))
    )
    assert {principal.subject for principal in found} == {"ada"}
    assert sign_on.refreshes == 1


async def test_who_hangs_up_does_not_stop_the_refresh_for_others(
    here: Browsers, sign_on: SlowSignOn, clock: Clock
) -> None:
    secret = await _signed_on(here, sign_on)
    clock.advance(3590)
    first = asyncio.create_task(here.authenticate(secret))
    second = asyncio.create_task(here.authenticate(secret))
    await asyncio.sleep(0.01)
    first.cancel()
    assert (await second).subject == "ada"
    assert sign_on.refreshes == 1


async def test_a_provider_that_is_away_does_not_end_a_session(
    here: Browsers, sign_on: SlowSignOn, clock: Clock
) -> None:
    secret = await _signed_on(here, sign_on)
    clock.advance(3585)
    sign_on.away = True
    assert (await here.authenticate(secret)).subject == "ada", "the token is good for 15 s more"
    clock.advance(16)
    with pytest.raises(IdentityUnavailableError):
        await here.authenticate(secret)
    sign_on.away = False
    clock.advance(11)
    assert (await here.authenticate(secret)).subject == "ada"


async def test_nobody_waits_for_a_refresh_elsewhere_while_the_token_is_good(
    here: Browsers, there: Browsers, sign_on: SlowSignOn, clock: Clock
) -> None:
    """Whoever has the turn may take long, or be gone for good."""
    secret = await _signed_on(here, sign_on)
    clock.advance(3590)
    sign_on.away = True
    await here.authenticate(secret)
    async with asyncio.timeout(PATIENCE_SECONDS / 2):
        assert (await there.authenticate(secret)).subject == "ada"


async def test_a_grant_that_was_taken_back_ends_the_session(
    here: Browsers, there: Browsers, sign_on: SlowSignOn, clock: Clock
) -> None:
    secret = await _signed_on(here, sign_on)
    sign_on.forget()
    with pytest.raises(UnauthenticatedError):
        await here.authenticate(secret)
    with pytest.raises(UnauthenticatedError):
        await there.authenticate(secret)


async def test_a_session_that_ends_while_it_is_refreshed_stays_ended(
    here: Browsers, there: Browsers, sign_on: SlowSignOn, clock: Clock
) -> None:
    secret = await _signed_on(here, sign_on)
    clock.advance(3590)
    asking = asyncio.create_task(here.authenticate(secret))
    await asyncio.sleep(0.01)
    await there.leave(secret)
    with pytest.raises(UnauthenticatedError):
        await asking


async def test_an_answer_is_good_once_wherever_it_goes(
    here: Browsers, there: Browsers, sign_on: SlowSignOn
) -> None:
    attempt = await here.begin("/")
    parameters = sign_on.approve(attempt.state, ADA)
    await here.finish(parameters, attempt.sealed, before=None)
    again = sign_on.approve(attempt.state, ADA)
    with pytest.raises(SignOnFailedError):
        await there.finish(again, attempt.sealed, before=None)


class Believes:
    """Believes that everybody is *principal*, or nobody anything."""

    def __init__(self, principal: Principal | None) -> None:
        self._principal = principal

    async def authenticate(self, credential: Credential) -> Principal:
        if self._principal is None:
            raise UnauthenticatedError("client")
        return self._principal


@pytest.mark.parametrize(
    ("believed", "reason"), [(None, "client"), (someone("eve"), "subject")], ids=["none", "other"]
)
async def test_tokens_that_would_be_refused_each_time_are_no_sign_on(
    link: Link, clock: Clock, sign_on: SlowSignOn, believed: Principal | None, reason: str
) -> None:
    """Or the browser would go round and round, and nobody would say why."""
    identity = Believes(believed)
    cortex = Cortex(ports_around(link, clock=clock, identity=identity, sign_on=sign_on))
    assert cortex.browsers is not None
    with pytest.raises(SignOnFailedError) as failure:
        await _signed_on(cortex.browsers, sign_on)
    assert failure.value.reason == reason


async def test_a_notice_that_could_not_be_followed_may_come_again(
    here: Browsers, sign_on: SlowSignOn, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider says it once more; what was not done must not count as said before."""
    secret = await _signed_on(here, sign_on)
    until = clock() + timedelta(minutes=2)
    notice = LogoutNotice(
        issuer=ADA.issuer, subject="ada", session_id=None, token_id="t1", until=until
    )
    token = sign_on.announce(notice)
    with monkeypatch.context() as broken:
        broken.setattr(Sessions, "end_subject", _fails)
        with pytest.raises(UnavailableError):
            await here.hear(token)
    assert (await here.authenticate(secret)).subject == "ada"
    await here.hear(token)
    with pytest.raises(UnauthenticatedError):
        await here.authenticate(secret)
    with pytest.raises(MalformedError):
        await here.hear(token)


async def _fails(*_: object) -> None:
    raise UnavailableError("The store is away.")


async def test_nothing_of_a_session_shows(here: Browsers, sign_on: SlowSignOn) -> None:
    attempt = await here.begin("/")
    browser = await here.finish(sign_on.approve(attempt.state, ADA), attempt.sealed, before=None)
    assert browser.secret not in repr(browser)
    assert attempt.sealed not in repr(attempt)
    assert browser.expires_at - sign_on.clock() == timedelta(hours=12)
