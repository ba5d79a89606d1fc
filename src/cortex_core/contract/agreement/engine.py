"""Several stores, asked the same things, compared in what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import msgspec
from hypothesis.stateful import RuleBasedStateMachine

from cortex_core.contract.store import same
from cortex_core.domain.errors import CortexError
from cortex_core.ports import Store, UnitOfWork

Command = Callable[[UnitOfWork], Awaitable[object]]


class Refusal(msgspec.Struct, frozen=True):
    """The answer that is an error of the catalogue."""

    code: str


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done in one unit of work."""

    size: int
    undo: bool
    commands: list[Command] = []


class Agreement(RuleBasedStateMachine):
    """Opens stores, runs each command on all of them, and compares their answers.

    All that the stores do runs in one event loop of this machine's own.
    """

    def open_stores(self) -> AbstractAsyncContextManager[Mapping[str, Store]]:
        """Open empty stores, each under its name."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._unit: Unit | None = None
        self._stores: Mapping[str, Store] = {}
        self._runner = asyncio.Runner()
        self._leave = asyncio.Event()
        self._runner.run(self._open())

    def teardown(self) -> None:
        self._runner.run(self._close())
        self._runner.close()

    def fresh_id(self, head: int) -> str:
        """Return an id that was not there before and is the same in each run."""
        self._count += 1
        return f"{head:08x}-0000-7000-8000-{self._count:012x}"

    def write(self, command: Command) -> object:
        """Have the stores agree on *command*; where a unit is open, when that is full."""
        return self._ask(command, read_only=False)

    def read(self, command: Command) -> object:
        """Have the stores agree on what there is to read, committed or in the open unit."""
        return self._ask(command, read_only=True)

    def read_several(self, command: Command) -> object:
        """Do as `read` with a command that makes several calls."""
        return self._ask(command, read_only=True, several=True)

    @property
    def in_unit(self) -> bool:
        """Whether a unit is open."""
        return self._unit is not None

    def open_unit(self, commands: int, *, undo: bool) -> None:
        """Put off the next *commands*, to do them in one unit, and with *undo* undo them."""
        self._unit = Unit(size=commands, undo=undo)

    def end_unit(self) -> None:
        """Do what was put off."""
        if self._unit is not None:
            unit, self._unit = self._unit, None
            self._agreed(unit.commands, undo=unit.undo)

    def _ask(self, command: Command, *, read_only: bool, several: bool = False) -> object:
        if self._unit is None:
            self._count += 1
            single = not several and self._count % 2 == 0
            return self._agreed([command], read_only=read_only, single=single)
        self._unit.commands.append(command)
        if len(self._unit.commands) == self._unit.size:
            self.end_unit()
        return None

    def _agreed(
        self,
        commands: Sequence[Command],
        *,
        read_only: bool = False,
        single: bool = False,
        undo: bool = False,
    ) -> object:
        answers = {
            name: self._runner.run(
                _answers(store, commands, read_only=read_only, single=single, undo=undo)
            )
            for name, store in self._stores.items()
        }
        first, *others = answers
        for other in others:
            assert same(answers[other], answers[first]), (
                f"{first} says {answers[first]!r}\n{other} says {answers[other]!r}"
            )
        return answers[first][-1] if answers[first] else None

    async def _open(self) -> None:
        """Enter the stores' context in a task of its own, which stays to leave it."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def keep() -> None:
            async with self.open_stores() as self._stores:
                opened.set_result(None)
                await self._leave.wait()

        self._keeper = asyncio.create_task(keep())
        await asyncio.wait([self._keeper, opened], return_when=asyncio.FIRST_COMPLETED)
        if self._keeper.done():
            self._keeper.result()

    async def _close(self) -> None:
        self._leave.set()
        await self._keeper


class _UndoneError(Exception):
    """Ends a unit that is to be rolled back."""


async def _answers(
    store: Store, commands: Sequence[Command], *, read_only: bool, single: bool, undo: bool
) -> list[object]:
    """Return the answer to each command, the first refusal last."""
    answers: list[object] = []
    try:
        async with store.begin(read_only=read_only, single=single) as work:
            for command in commands:
                answers += [_plain(await command(work))]
            if undo:
                raise _UndoneError
    except _UndoneError:
        pass
    except CortexError as error:
        answers.append(Refusal(error.code))
    return answers


def _plain(answer: object) -> object:
    """Return *answer*, any sequence as a list."""
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        items: Sequence[object] = answer
        return list(items)
    return answer
