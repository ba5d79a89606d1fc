"""One key for everybody on one store, also while the store comes and goes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import SharedKey, shared_key
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import open_store
from cortex_core.domain.errors import (
    CortexError,
    IdentityUnavailableError,
    OutcomeUnknownError,
    SchemaError,
    StorageCorruptError,
    StorageForbiddenError,
    UnauthenticatedError,
    UnavailableError,
)
from cortex_core.domain.ids import UserId
from cortex_core.ports.persistence import Store, UnitOfWork
from tests.unit.auth0.forge import AUDIENCE, bearer, local_issuer, provider, sign


class DistantStore:
    """A store that can be away, and counts who asks for it."""

    def __init__(self) -> None:
        self.away: CortexError | None = None
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self._store = MemoryStore()

    @asynccontextmanager
    async def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AsyncIterator[UnitOfWork]:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if self.away is not None:
            raise self.away
        async with self._store.begin(read_only=read_only, single=single, caller=caller) as work:
            yield work


def on(store: Store) -> LocalIdentity:
    return LocalIdentity(SharedKey(store), audience=AUDIENCE)


async def test_two_processes_accept_each_others_tokens():
    store = MemoryStore()
    here, there = (on(store) for _ in range(2))
    token = (await here.issuer()).mint("ada@example.com").access_token
    principal = await provider(there).authenticate(bearer(token))
    assert principal.email == "ada@example.com"
    assert await here.jwks() == await there.jwks()


async def test_processes_that_start_together_agree_on_one_key():
    store = MemoryStore()
    keys = await asyncio.gather(*(shared_key(store) for _ in range(5)))
    assert len({key.kid for key in keys}) == 1


async def test_two_stores_do_not_accept_each_others_tokens():
    here, there = (on(MemoryStore()) for _ in range(2))
    token = (await here.issuer()).mint("ada@example.com").access_token
    with pytest.raises(UnauthenticatedError):
        await provider(there).authenticate(bearer(token))


async def test_nothing_is_asked_of_the_store_before_it_is_needed():
    store = DistantStore()
    identity = on(store)
    for token in ("opaque", sign(None, {"iss": "https://other.test/"})):
        with pytest.raises(UnauthenticatedError):
            await provider(identity).authenticate(bearer(token))
    assert store.asked == 0


async def test_a_store_that_is_away_is_no_refusal_and_its_return_is_noticed():
    store = DistantStore()
    identity = on(store)
    token = bearer((await on(store).issuer()).mint("a@b").access_token)
    for store.away in (OutcomeUnknownError(), UnavailableError()):
        with pytest.raises(IdentityUnavailableError) as error:
            await provider(identity).authenticate(token)
        assert error.value.__cause__ is store.away
    with pytest.raises(IdentityUnavailableError):
        await identity.issuer()
    store.away = None
    await provider(identity).authenticate(token)
    store.away = UnavailableError()
    await provider(identity).authenticate(token)
    (await identity.issuer()).mint("c@d")


async def test_those_who_wait_together_fail_together():
    store = DistantStore()
    store.away, store.gate = UnavailableError(), asyncio.Event()
    identity = on(store)
    token = bearer(local_issuer().mint("a@b").access_token)
    waiting = [asyncio.create_task(provider(identity).authenticate(token)) for _ in range(50)]
    await asyncio.sleep(0.01)
    store.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(answer) for answer in answers} == {IdentityUnavailableError}
    assert store.asked == 1


async def test_a_caller_who_leaves_takes_nobody_along():
    store = DistantStore()
    store.gate = asyncio.Event()
    source = SharedKey(store)
    waiting = [asyncio.create_task(source()) for _ in range(5)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    store.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert len({id(answer) for answer in answers[1:]}) == 1


async def test_what_waiting_cannot_heal_is_told_as_it_is():
    store = DistantStore()
    for store.away in (SchemaError(), StorageForbiddenError()):
        with pytest.raises(type(store.away)):
            await on(store).issuer()
    damaged = MemoryStore()
    async with damaged.begin() as work:
        await work.registry.ensure("local-issuer-key", "-----BEGIN NOTHING-----")
    with pytest.raises(StorageCorruptError):
        await on(damaged).issuer()


_PROCESS = """
import asyncio, sys
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import SharedKey
from cortex_adapters.sqlite.store import open_store

async def main():
    async with open_store(sys.argv[1]) as store:
        identity = LocalIdentity(SharedKey(store), audience=sys.argv[2])
        print((await identity.issuer()).mint("a@b").access_token)

asyncio.run(main())
"""


async def test_real_processes_that_start_together_share_the_key_of_their_file(tmp_path: Path):
    path = str(tmp_path / "cortex.db")
    await upgrade(path)
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROCESS, path, AUDIENCE, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    answers = await asyncio.gather(*(process.communicate() for process in started))
    assert [process.returncode for process in started] == [0, 0, 0]
    async with open_store(path) as store:
        identity = on(store)
        principals = [
            await provider(identity).authenticate(bearer(out.decode().strip()))
            for out, _ in answers
        ]
    assert len({principal.subject for principal in principals}) == 1
