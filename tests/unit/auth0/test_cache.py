"""The key cache, one row of its table after another."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

import pytest

from cortex_adapters.auth0.keys.cache import DEGRADED, MOST_UNKNOWN, KeyCache
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core.domain.errors import IdentityUnavailableError
from tests.unit.auth0.forge import jwk, signing_key
from tests.unit.auth0.tenant import Answer, Tenant, answer

ISSUER = "https://tenant.test/"
ALGORITHM = "RS256"


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(ISSUER, jwk())


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    return MemoryTelemetry()


@pytest.fixture
async def cache(
    tenant: Tenant, seconds: Seconds, telemetry: MemoryTelemetry
) -> AsyncIterator[KeyCache]:
    async with tenant.cache(seconds, telemetry) as cache:
        yield cache


async def has(cache: KeyCache, name: str = "ours") -> bool:
    return await cache.find(signing_key(name).kid, ALGORITHM) is not None


async def settled() -> None:
    """Let what is in the background come to its end."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_many_at_once_fetch_once(cache: KeyCache, tenant: Tenant):
    assert all(await asyncio.gather(*(has(cache) for _ in range(1000))))
    assert tenant.asked == [
        f"{ISSUER}.well-known/openid-configuration",
        tenant.discovery["jwks_uri"],
    ]
    assert await cache.metadata() == tenant.discovery


@pytest.mark.parametrize(
    ("header", "soft"),
    [
        (None, 600),
        ("max-age=15", 60),
        ("public, max-age=120, must-revalidate", 120),
        ("max-age=86400", 600),
        ("s-maxage=70", 600),
        ("no-cache", 60),
        ("no-store, max-age=300", 60),
    ],
)
async def test_old_keys_are_served_while_new_ones_come(
    cache: KeyCache, tenant: Tenant, seconds: Seconds, header: str | None, soft: float
):
    if header is not None:
        tenant.headers["cache_control"] = header
    assert await has(cache)
    seconds.now += soft - 1
    assert await has(cache)
    await settled()
    assert tenant.fetches == 1
    tenant.keys.append(jwk("next"))
    seconds.now += 1
    tenant.gate = asyncio.Event()
    assert all([await has(cache) for _ in range(20)])
    tenant.gate.set()
    await settled()
    assert (tenant.discoveries, tenant.fetches) == (1, 2)
    assert await has(cache, "next")
    assert tenant.fetches == 2


async def test_a_key_that_was_withdrawn_ends_with_the_next_set(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    assert await has(cache)
    tenant.keys[:] = [jwk("next")]
    seconds.now += 600
    assert await has(cache)
    await settled()
    assert not await has(cache)
    assert await has(cache, "next")


async def test_in_an_emergency_a_withdrawn_key_ends_at_once(cache: KeyCache, tenant: Tenant):
    assert await has(cache)
    tenant.keys[:] = [jwk("next")]
    cache.purge()
    assert not await has(cache)
    assert await has(cache, "next")


async def test_keys_that_are_on_their_way_are_given_up_in_an_emergency(
    cache: KeyCache, tenant: Tenant
):
    gate = tenant.gate = asyncio.Event()
    asking = asyncio.create_task(has(cache))
    await settled()
    cache.purge()
    gate.set()
    with pytest.raises(IdentityUnavailableError):
        await asking
    assert await has(cache)


async def test_fault_27_stale_keys_go_on_until_the_hard_age_and_come_back(
    cache: KeyCache, tenant: Tenant, seconds: Seconds, telemetry: MemoryTelemetry
):
    assert await cache.check() is None
    tenant.down()
    seconds.now += 600
    assert await has(cache)
    await settled()
    assert await cache.check() == DEGRADED
    assert [(line.event, line.level) for line in telemetry.lines] == [
        ("identity.keys_not_fetched", "warning")
    ]
    seconds.now += 2999
    assert await has(cache)
    await settled()
    assert await cache.check() == DEGRADED
    stale = [n.value for n in telemetry.measurements if n.name == "cortex.identity.keys.staleness"]
    assert max(stale) == pytest.approx(2999)
    seconds.now += 2
    with pytest.raises(IdentityUnavailableError):
        await has(cache)
    with pytest.raises(IdentityUnavailableError):
        await cache.check()
    assert [line.level for line in telemetry.lines][-1] == "error"
    tenant.up()
    seconds.now += 2
    assert await has(cache)
    assert await cache.check() is None
    assert telemetry.measurements[-1].value == 0


async def test_keys_that_never_came_are_stale_from_the_start(
    cache: KeyCache, tenant: Tenant, seconds: Seconds, telemetry: MemoryTelemetry
):
    tenant.down()
    for _ in range(3):
        seconds.now += 700
        with pytest.raises(IdentityUnavailableError):
            await has(cache)
        await settled()
    stale = [n.value for n in telemetry.measurements if n.name == "cortex.identity.keys.staleness"]
    assert stale == [700, 1400, 2100]


async def test_what_fails_is_tried_again_after_1_2_4_up_to_60_seconds(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    await has(cache)
    tenant.down()
    seconds.now += 600
    attempts = []
    for _ in range(400):
        before = tenant.fetches
        assert await has(cache)
        await settled()
        if tenant.fetches > before:
            attempts.append(seconds.now)
        seconds.now += 1
    waits = [after - before for before, after in itertools.pairwise(attempts)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


async def test_fault_28_a_cold_start_while_the_tenant_is_down_is_no_refusal_and_heals_itself(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    tenant.down()
    for _ in range(20):
        with pytest.raises(IdentityUnavailableError) as error:
            await has(cache)
        assert error.value.retry_after == 1
    assert tenant.fetches == 1
    for _ in range(100):
        seconds.now += 1
        with pytest.raises(IdentityUnavailableError):
            await has(cache)
    assert 40 <= tenant.fetches <= 60
    tenant.up()
    seconds.now += 2
    assert await has(cache)


async def test_what_the_tenant_asks_us_to_wait_is_waited(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    tenant.down(429, retry_after="90")
    with pytest.raises(IdentityUnavailableError) as error:
        await has(cache)
    assert error.value.retry_after == 90
    tenant.up()
    seconds.now += 89
    with pytest.raises(IdentityUnavailableError):
        await has(cache)
    seconds.now += 1
    assert await has(cache)


async def test_a_wish_to_wait_holds_for_unknown_keys_too(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    await has(cache)
    tenant.down(429, retry_after="120")
    seconds.now += 31
    assert not await has(cache, "next")
    tenant.up()
    tenant.keys.append(jwk("next"))
    seconds.now += 60
    assert not await has(cache, "next")
    seconds.now += 60
    assert await has(cache, "next")


async def test_fault_29_an_unknown_key_is_looked_for_once_in_30_seconds(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    await has(cache)
    for number in range(50):
        assert await cache.find(f"random-{number}", ALGORITHM) is None
    assert tenant.fetches == 1
    seconds.now += 30
    found = await asyncio.gather(*(cache.find(f"r{n}", ALGORITHM) for n in range(50)))
    assert found == [None] * 50
    assert tenant.fetches == 2
    tenant.keys.append(jwk("next"))
    seconds.now += 29
    assert not await has(cache, "next")
    seconds.now += 1
    assert await has(cache, "next")
    assert (tenant.discoveries, tenant.fetches) == (1, 3)


async def test_a_storm_of_unknown_keys_on_a_tenant_that_is_down_is_one_attempt(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    """Counted from the last attempt, not from the last success."""
    await has(cache)
    tenant.down()
    seconds.now += 31
    for number in range(29):
        for _ in range(5):
            assert await cache.find(f"random-{number}", ALGORITHM) is None
        seconds.now += 1
    assert tenant.fetches == 2
    assert await has(cache)


async def test_a_key_that_was_looked_for_in_vain_is_not_looked_for_again_for_a_minute(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    await has(cache)
    seconds.now += 30
    assert not await has(cache, "next")
    seconds.now += 59
    assert not await has(cache, "next")
    assert tenant.fetches == 2
    seconds.now += 1
    assert not await has(cache, "next")
    assert tenant.fetches == 3


async def test_what_is_unknown_takes_bounded_room(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    await has(cache)
    seconds.now += 30
    names = [f"random-{number}" for number in range(MOST_UNKNOWN + 1)]
    await asyncio.gather(*(cache.find(name, ALGORITHM) for name in names))
    seconds.now += 30
    await cache.find(names[-1], ALGORITHM)
    assert tenant.fetches == 2
    await cache.find(names[0], ALGORITHM)
    assert tenant.fetches == 3


async def test_a_caller_who_leaves_takes_nobody_along(cache: KeyCache, tenant: Tenant):
    tenant.gate = asyncio.Event()
    waiting = [asyncio.create_task(has(cache)) for _ in range(5)]
    await settled()
    waiting[0].cancel()
    await settled()
    tenant.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [True] * 4
    assert tenant.fetches == 1


async def test_an_attempt_outlives_all_who_waited_for_it(cache: KeyCache, tenant: Tenant):
    tenant.gate = asyncio.Event()
    alone = asyncio.create_task(has(cache))
    await settled()
    alone.cancel()
    with suppress(asyncio.CancelledError):
        await alone
    tenant.gate.set()
    await settled()
    assert tenant.fetches == 1
    assert await has(cache)
    assert tenant.fetches == 1


async def test_leaving_ends_an_attempt(tenant: Tenant, seconds: Seconds):
    tenant.gate = asyncio.Event()
    async with tenant.cache(seconds) as cache:
        waiting = asyncio.create_task(has(cache))
        await settled()
        async with aclosing(cache):
            pass
        with pytest.raises(IdentityUnavailableError):
            await waiting


GARBAGE = {
    "html": answer(200, b"<html></html>"),
    "empty object": answer(200, {}),
    "no keys": answer(200, {"keys": []}),
    "no usable key": answer(200, {"keys": [jwk(use="enc"), None]}),
    "oct": answer(200, {"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]}),
    "keys of another type": answer(200, {"keys": {"a": 1}}),
    "a list": answer(200, []),
    "101 keys": answer(200, {"keys": [jwk()] * 101}),
    "not UTF-8": answer(200, b'{"keys": "\xff"}'),
    "deep": answer(200, b'{"keys":' + b"[" * 100_000),
    "too large": answer(200, b" " * 262_145 + b"{}"),
    "compressed": answer(200, b"x", content_encoding="gzip"),
    "elsewhere": answer(302, location="https://evil.test/"),
    "created": answer(201, {"keys": [jwk()]}),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
async def test_fault_30_garbage_is_a_failure_and_the_old_set_is_kept(
    cache: KeyCache, tenant: Tenant, seconds: Seconds, garbage: Answer
):
    await has(cache)
    tenant.answer = garbage
    seconds.now += 600
    await has(cache)
    await settled()
    assert tenant.fetches == 2
    assert await has(cache)
    assert await cache.check() == DEGRADED
    assert not [url for url in tenant.asked if not url.startswith(ISSUER)]


METADATA = {
    "issuer differs": {"issuer": "https://tenant.test"},
    "issuer missing": {"issuer": None},
    "other origin": {"jwks_uri": "https://evil.test/jwks.json"},
    "other port": {"jwks_uri": "https://tenant.test:8443/jwks.json"},
    "http": {"jwks_uri": "http://tenant.test/jwks.json"},
    "user": {"jwks_uri": "https://tenant.test@evil.test/jwks.json"},
    "user and us": {"jwks_uri": "https://a@tenant.test/jwks.json"},
    "fragment": {"jwks_uri": "https://tenant.test/jwks.json#a"},
    "no address": {"jwks_uri": "https://[::1"},
    "a file": {"jwks_uri": "file:///etc/passwd"},
    "a list": {"jwks_uri": ["https://tenant.test/jwks.json"]},
    "missing": {"jwks_uri": None},
    "line break": {"jwks_uri": "https://tenant.test/\r\nHost: evil"},
}


@pytest.mark.parametrize("members", METADATA.values(), ids=METADATA.keys())
async def test_metadata_that_leads_astray_is_not_followed(
    cache: KeyCache, tenant: Tenant, members: dict[str, object]
):
    tenant.discovery |= members
    with pytest.raises(IdentityUnavailableError):
        await has(cache)
    assert tenant.asked == [f"{ISSUER}.well-known/openid-configuration"]


@pytest.mark.parametrize("issuer", ["http://tenant.test/", "ftp://tenant.test/", "tenant.test"])
async def test_an_issuer_that_is_not_safe_to_ask_is_not_asked(seconds: Seconds, issuer: str):
    far = Tenant(issuer, jwk())
    async with far.cache(seconds) as cache:
        with pytest.raises(IdentityUnavailableError):
            await has(cache)
    assert far.asked == []


async def test_an_issuer_on_this_machine_is_asked_in_plain_text(seconds: Seconds):
    near = Tenant("http://127.0.0.1:4000/", jwk())
    async with near.cache(seconds) as cache:
        assert await has(cache)


async def test_keys_that_moved_are_found_after_one_failure(
    cache: KeyCache, tenant: Tenant, seconds: Seconds
):
    await has(cache)
    tenant.discovery["jwks_uri"] = f"{ISSUER}elsewhere.json"
    tenant.down(404)
    seconds.now += 600
    await has(cache)
    await settled()
    tenant.up()
    seconds.now += 1
    await has(cache)
    await settled()
    assert tenant.asked[-1] == f"{ISSUER}elsewhere.json"


async def test_fault_30_a_tenant_that_is_slow_is_not_waited_for_without_end(
    tenant: Tenant, seconds: Seconds, telemetry: MemoryTelemetry
):
    tenant.gate = asyncio.Event()
    async with tenant.cache(seconds, telemetry, patience=0.05) as cache:
        with pytest.raises(IdentityUnavailableError):
            await has(cache)
    assert [line.attributes["reason"] for line in telemetry.lines] == ["timeout"]


async def test_an_error_nobody_planned_for_is_a_failure_like_another(
    cache: KeyCache, tenant: Tenant, telemetry: MemoryTelemetry
):
    tenant.broken = ZeroDivisionError()
    with pytest.raises(IdentityUnavailableError):
        await has(cache)
    assert telemetry.lines[-1].attributes["reason"] == "ZeroDivisionError"
