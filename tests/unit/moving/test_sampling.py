"""Some rows are read as a server reads them, on both sides."""

from contextlib import nullcontext

from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.moving.sampling import Samples
from cortex_adapters.moving.tables import Column, Kind, Table
from cortex_core.contract import make
from cortex_core.contract.store import stored_user

USERS = Table("users", (Column("id", Kind.UUID),), ("id",))


async def test_a_row_that_is_another_one_to_a_server_is_named():
    here, there = MemoryStore(), MemoryStore()
    same, gone = make.user(), make.user()
    for store in (here, there):
        await stored_user(store, same)
    await stored_user(here, gone)
    samples = Samples(lambda: nullcontext(here), lambda: nullcontext(there))
    samples.take(USERS, [(same.id,)])
    samples.take(USERS, [(gone.id,)])
    samples.take(Table("unknown", USERS.columns, ("id",)), [("x",)])
    count, [unlike] = await samples.compare()
    assert count == 2
    assert (unlike.table, unlike.key) == ("users", f'["{gone.id}"]')
    assert await samples.compare() == (0, [])
