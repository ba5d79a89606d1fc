"""A file of the earlier system is taken over: all of it, ids and all, or nothing."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cortex_adapters.moving.earlier import to_moment
from cortex_adapters.sqlite.earlier import TakenOver, take_over
from cortex_adapters.sqlite.store import open_store
from cortex_core.contract import make
from cortex_core.domain.errors import ConflictError, UnavailableError
from cortex_core.domain.events import MessageCreated
from cortex_core.domain.ids import ConversationId, UserId

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ISSUER = "https://former.example.com/"
ADA, BOB, LAB, TALK, QUIET, FIRST, SECOND, THIRD = (make.new_id() for _ in range(8))
SCHEMA = """
    CREATE TABLE users (user_id TEXT, name TEXT, email TEXT, metadata_json TEXT);
    CREATE TABLE workspaces (id TEXT, name TEXT, description TEXT, owner_id TEXT,
        metadata_json TEXT);
    CREATE TABLE conversations (id TEXT, topic TEXT, workspace_id TEXT, participant_ids_json TEXT,
        metadata_json TEXT);
    CREATE TABLE messages (id TEXT, content TEXT, sender_id TEXT, conversation_id TEXT,
        timestamp TEXT, metadata_json TEXT);
"""


@pytest.fixture
def earlier(tmp_path: Path) -> str:
    """A small file of the earlier system."""
    path = str(tmp_path / "earlier.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
        put(connection, "users", (ADA, "Ada", "ada@example.com", '{"b": 1.0, "a": "\\u00e9"}'))
        put(connection, "users", (BOB, "", None, None))
        put(connection, "workspaces", (LAB, "Lab", "", ADA, "{}"))
        put(connection, "conversations", (TALK, "Talk", LAB, f'["{ADA}", "{BOB}"]', ""))
        put(connection, "conversations", (QUIET, "Quiet", LAB, None, None))
        put(connection, "messages", (SECOND, "two", BOB, TALK, "2024-02-29T12:00:00.5", "{}"))
        put(
            connection,
            "messages",
            (FIRST, "one \U0001f600", ADA, TALK, "2024-02-29T13:00+02:00", None),
        )
        put(connection, "messages", (THIRD, "three", ADA, TALK, "2024-02-29T12:00:01Z", None))
        connection.commit()
    return path


def put(connection: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in row)})", row)


async def taken(earlier: str) -> TakenOver:
    return await take_over(earlier, f"{earlier}.new", issuer=ISSUER, now=NOW)


async def test_everything_is_there_under_its_id(earlier: str):
    found = await taken(earlier)
    assert found == TakenOver(rows={"users": 2, "workspaces": 1, "conversations": 2, "messages": 3})
    async with open_store(f"{earlier}.new") as store, store.begin() as work:
        ada = await work.users.find(ISSUER, ADA)
        assert ada is not None
        assert (ada.id, ada.name, ada.email) == (ADA, "Ada", "ada@example.com")
        assert not ada.email_verified
        assert ada.metadata == {"a": "é", "b": 1}
        [lab] = await work.workspaces.of_user(ada.id, after=None, limit=9)
        assert (lab.id, lab.name) == (LAB, "Lab")
        [owner] = await work.workspaces.members(lab.id, after=None, limit=9)
        assert (owner.user_id, owner.role) == (ADA, "owner")
        talk = await work.conversations.get(ConversationId(TALK))
        assert talk.last_seq == 3
        assert talk.created_at == datetime(2024, 2, 29, 11, tzinfo=UTC)
        named = await work.conversations.participants(talk.id, after=None, limit=9)
        assert {each.user_id for each in named} == {ADA, BOB}
        log = await work.events.since(talk.id, seq=0, limit=9)
        said = [each.data.message for each in log if isinstance(each.data, MessageCreated)]
        assert [(each.id, each.content, each.seq) for each in said] == [
            (FIRST, "one \U0001f600", 1),
            (SECOND, "two", 2),
            (THIRD, "three", 3),
        ]
        assert said[1].created_at == datetime(2024, 2, 29, 12, microsecond=500_000, tzinfo=UTC)
        assert said[1].author.id == UserId(BOB)
        quiet = await work.conversations.get(ConversationId(QUIET))
        assert (quiet.last_seq, quiet.created_at) == (0, NOW)


@pytest.mark.parametrize(
    ("table", "row", "column", "reason"),
    [
        ("users", ("u1", "x", None, None), "user_id", "must be a UUID"),
        ("users", (ADA, "x", None, None), "", "is there already"),
        ("users", (QUIET, "nul \x00", None, None), "name", "U+0000"),
        ("users", (QUIET, b"x", None, None), "name", "must be text"),
        ("users", (QUIET, "x", None, "[]"), "metadata_json", "must be an object as JSON"),
        ("workspaces", (QUIET, "", "", ADA, None), "name", "must have 1 to 100 characters"),
        ("workspaces", (QUIET, "LAB", "", ADA, None), "", "the name of another one"),
        ("workspaces", (QUIET, "x", "", QUIET, None), "", "that is not there"),
        ("conversations", (FIRST, "x", FIRST, None, None), "", "that is not there"),
        ("conversations", (FIRST, "x", LAB, "{}", None), "participant_ids_json", "a list of ids"),
        ("conversations", (FIRST, "x", LAB, '["x"]', None), "participant_ids_json", "a UUID"),
        ("messages", (QUIET, "x", ADA, TALK, "yesterday", None), "timestamp", "ISO 8601"),
        ("messages", (QUIET, "x", QUIET, TALK, "2024-01-01", None), "sender_id", "is no user"),
        ("messages", (QUIET, "x", ADA, FIRST, "2024-01-01", None), "", "that is not there"),
        ("messages", (QUIET, "x" * 32_001, ADA, TALK, "2024-01-01", None), "content", "32000"),
    ],
)
async def test_what_cannot_be_here_is_named_and_nothing_is_taken_over(
    earlier: str, table: str, row: tuple[object, ...], column: str, reason: str
):
    with closing(sqlite3.connect(earlier)) as connection:
        put(connection, table, row)
        connection.commit()
    [finding] = (await taken(earlier)).refused
    assert (finding.table, finding.key, finding.column) == (table, str(row[0]), column)
    assert reason in finding.reason
    with closing(sqlite3.connect(f"{earlier}.new")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
    with closing(sqlite3.connect(earlier)) as connection:
        connection.execute(f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")
        connection.commit()
    assert not (await taken(earlier)).refused


async def test_text_that_is_not_utf_8_is_named(earlier: str):
    with closing(sqlite3.connect(earlier)) as connection:
        connection.execute("UPDATE users SET name = CAST(x'61ff' AS TEXT) WHERE name = 'Ada'")
        connection.commit()
    finding, *_ = (await taken(earlier)).refused  # and what belongs to her
    assert (finding.key, finding.column) == (ADA, "name")


async def test_columns_that_are_not_as_they_were_are_named(earlier: str):
    with closing(sqlite3.connect(earlier)) as connection:
        connection.execute("ALTER TABLE users ADD COLUMN more TEXT")
        connection.execute("DROP TABLE messages")
    found = (await taken(earlier)).refused
    assert {(each.table, each.column, each.reason) for each in found} > {
        ("users", "more", "is not known here"),
        ("messages", "id", "is missing"),
    }


async def test_it_is_taken_over_once(earlier: str):
    await taken(earlier)
    with pytest.raises(ConflictError):
        await taken(earlier)


async def test_a_file_that_is_not_there_is_not_made(earlier: str):
    with pytest.raises(UnavailableError, match="there is no such file"):
        await take_over(f"{earlier}.none", f"{earlier}.new", issuer=ISSUER, now=NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29 01:02:03.000001", datetime(2024, 2, 29, 1, 2, 3, 1, tzinfo=UTC)),
        ("2024-02-29T01:02:03Z", datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)),
        ("2024-02-29T01:02:03+05:45", datetime(2024, 2, 28, 19, 17, 3, tzinfo=UTC)),
    ],
)
def test_times_are_utc_unless_they_say_so(text: str, moment: datetime):
    assert to_moment(text) == moment
    assert to_moment(text).utcoffset() == timedelta(0)
