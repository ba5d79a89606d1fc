"""The schema changes under a server that runs."""

import pytest

from cortex_adapters.migrations import SchemaStatus, Step
from cortex_adapters.server.schema import SchemaCheck
from cortex_core.domain.errors import OverloadedError, SchemaError, UnavailableError

RIGHT = SchemaStatus(current=3, latest=3, pending=())
BEHIND = SchemaStatus(current=2, latest=3, pending=(Step(number=3, name="links", sql=""),))


class Database:
    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.says: SchemaStatus | Exception = RIGHT

    async def status(self) -> SchemaStatus:
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


async def test_what_is_right_is_believed_for_a_minute_and_what_is_not_is_asked_again() -> None:
    database = Database()
    check = SchemaCheck(database.status, clock=lambda: database.now)
    for _ in range(3):
        await check()
    assert database.asked == 1
    database.now, database.says = 60, BEHIND
    for _ in range(2):
        with pytest.raises(SchemaError):
            await check()
    database.says = UnavailableError()
    with pytest.raises(UnavailableError):
        await check()
    assert database.asked == 4
    database.says = RIGHT
    await check()


async def test_fault_11_a_database_without_a_connection_left_takes_no_server_out_of_service():
    database = Database()
    check = SchemaCheck(database.status, clock=lambda: database.now)
    await check()
    database.now, database.says = 60, OverloadedError()
    await check()
    database.says = BEHIND
    with pytest.raises(SchemaError):
        await check()
