"""A database as the next release leaves it: one step more, which lets this release run."""

from cortex_adapters.migrations import Step, load_steps
from cortex_adapters.postgres import schema as postgres
from cortex_adapters.sqlite import schema as sqlite

STEPS = load_steps("cortex_adapters.postgres.migrations")
LATEST = len(STEPS)
_CHANGED = ("messages", "conversations", "events", "turns", "users", "workspaces")
NEXT = Step(
    number=LATEST + 1,
    name="next",
    sql=f"-- runs: {LATEST}\n"
    + "".join(f"ALTER TABLE {table} ADD COLUMN next_release text;\n" for table in _CHANGED),
    down="".join(f"ALTER TABLE {table} DROP COLUMN next_release;\n" for table in _CHANGED),
)
BEYOND = Step(number=LATEST + 1, name="beyond", sql="CREATE TABLE beyond (id text);\n")
_ON_SQLITE = load_steps("cortex_adapters.sqlite.migrations")


async def upgrade(url: str, *more: Step) -> None:
    """Take the steps of this release, and *more*."""
    if url.startswith("sqlite"):
        await sqlite.upgrade(url.removeprefix("sqlite:///"), steps=[*_ON_SQLITE, *more])
    else:
        await postgres.upgrade(url, steps=[*STEPS, *more])


async def take_back(url: str, *more: Step) -> None:
    """Take *more* back."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        await sqlite.downgrade(path, LATEST, steps=[*_ON_SQLITE, *more])
    else:
        await postgres.downgrade(url, LATEST, steps=[*STEPS, *more])
