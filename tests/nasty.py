"""Texts and rows that are hard to move, and databases full of them."""

import random
import sqlite3
import unicodedata
from collections.abc import Mapping
from contextlib import closing
from typing import Final
from uuid import UUID

_ACCENTS: Final = "Ångström naïve \ufb01 ẞ ß İ \u0131 ǆ"
TEXTS: Final = (
    "plain words, as most messages are: nothing in them is special, and they go on. " * 3,
    "",
    " ",
    "  padded\t\n ",
    "NULL",
    "\\N",
    "\\.",
    "\\",
    "\\x00 \\u0000 \\0",
    "a\tb\nc\rd\x0be\x0cf\x1b[31mg\x7f",
    "\x01\x02\x1f\x80\x85\x9f",
    "'\"`$1 %s {} {{}} %(a)s ;--",
    "'; DROP TABLE messages; --",
    '{"json": "within", "a": [1, 2.0, null]}',
    "undefined null true 1e309 -0 0x0 NaN Infinity 1/0",
    "é" + "e\u0301",
    unicodedata.normalize("NFC", _ACCENTS),
    unicodedata.normalize("NFD", _ACCENTS),
    "Z̮̞̠͙͔ͅa̰̟l̻̯͇g̶̱̠̞̟̘̤͔͚̤͉o̪̭̪̙",
    "\ufeffbyte order mark, \ufffe\uffff and \ufffd",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0010ffff",
    "\u202eright to left\u202c שלום مرحبا \u200f\u200b\u2060",
    "日本語 한국어 中文 \u3000 \uff46\uff55\uff4c\uff4c",
    "\ue000 private, \u00ad soft, \u2028 line, \u2029 paragraph",
    "ﷺ" * 100,
    "ascii then \xa0\xad",
    "x" * 32_000,
    "\U0001f600" * 8_000,
)
NUMBERS: Final = (1, (1 << 31) - 1, 1 << 31, (1 << 53) - 1, (1 << 53) + 1, (1 << 63) - 1)
TIMES: Final = (
    0,
    1,
    -1,
    999_999,
    951_782_400_123_456,  # a leap day
    1_709_251_199_999_999,  # the end of another one
    2_147_483_648_000_000,  # after 2038-01-19
    253_402_300_799_999_999,  # the end of the year 9999
    -62_135_596_800_000_000,  # the beginning of the year 1
    1_790_000_000_000_001,
)
OBJECTS: Final = (
    "{}",
    '{"a":1}',
    '{"":null,"Z":[],"a":{},"é":"\u2028\\"\\\\"}',
    '{"deep":{"a":{"b":{"c":{"d":[[[1.5]]]}}}}}',
    '{"bigger":1e300,"edge":9223372036854775807,"half":0.1,"least":-9223372036854775808}',
    '{"aaa":3,"bb":2,"c":1}',  # jsonb puts short names first
)
KEPT: Final = ('{"a": 1.0, "a": 2}', "null", '  {"b":1,\n"a":-0}', '"\\ud83d\\ude00"', "1e2")


class Seeder:
    """Ids, and rows for each table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._random = random.Random(5)
        self._time = 1_790_000_000_000

    def id(self) -> str:
        self._time += 1
        low = self._random.getrandbits(62)
        return str(UUID(int=(self._time << 80) | (7 << 76) | (2 << 62) | low))

    def put(self, table: str, *rows: Mapping[str, object]) -> None:
        """Insert rows that have the same columns."""
        names = list(rows[0])
        marks = ", ".join("?" for _ in names)
        self._connection.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
            [tuple(row[name] for name in names) for row in rows],
        )


def seed(path: str, *, messages: int, large: int = 0) -> None:
    """Fill the file at *path*, whose schema is there; *large* messages have a megabyte."""
    with closing(sqlite3.connect(path)) as connection:
        _fill(Seeder(connection), messages, large)
        connection.commit()


def forget_registry(path: str) -> None:
    """Take out what a server writes there when it starts."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM registry")
        connection.commit()


def _fill(seeder: Seeder, messages: int, large: int) -> None:
    put, new_id = seeder.put, seeder.id
    users = [new_id() for _ in range(40)]
    for place, user in enumerate(users):
        text, at = TEXTS[place % len(TEXTS)], TIMES[place % len(TIMES)]
        put(
            "users",
            {
                "id": user,
                "issuer": "https://issuer.example/" if place % 2 else "",
                "subject": f"{place} {text[:200]}",
                "name": text[:200],
                "email": (None, "", "A@example.com", "a@example.com", "é@x")[place % 5],
                "email_verified": place % 2,
                "status": "active" if place % 3 else "disabled",
                "metadata": OBJECTS[place % len(OBJECTS)],
                "created_at": at,
                "updated_at": at,
            },
        )
    # An identity that was there before the user whom it is linked to.
    link = {"linked_to": users[-1], "linked_at": 5, "linked_by": "\\N", "linked_how": "operator"}
    marks = ", ".join(f"{name} = ?" for name in link)
    seeder._connection.execute(f"UPDATE users SET {marks} WHERE id = ?", (*link.values(), users[0]))
    workspaces = [new_id() for _ in range(10)]
    for place, workspace in enumerate(workspaces):
        put(
            "workspaces",
            {
                "id": workspace,
                "name": TEXTS[place][:100] or "none",
                "description": TEXTS[-place][:500],
                "metadata": OBJECTS[place % len(OBJECTS)],
                "version": NUMBERS[place % len(NUMBERS)],
                "created_at": TIMES[place],
                "updated_at": TIMES[place],
            },
        )
        put(
            "memberships",
            *(
                {"workspace_id": workspace, "user_id": user, "role": role, "name_key": f"{place}"}
                for user, role in zip(users[place:], ("owner", "editor", "viewer"), strict=False)
            ),
        )
    conversations = [new_id() for _ in range(max(1, min(200, messages // 50)))]
    for place, conversation in enumerate(conversations):
        put(
            "conversations",
            {
                "id": conversation,
                "workspace_id": workspaces[place % len(workspaces)],
                "topic": TEXTS[place % len(TEXTS)][:200] or "none",
                "metadata": OBJECTS[place % len(OBJECTS)],
                "last_seq": messages + 1_000_000,
                "version": 1,
                "created_at": TIMES[place % len(TIMES)],
                "updated_at": TIMES[place % len(TIMES)],
            },
        )
        put("participants", {"conversation_id": conversation, "user_id": users[place % 40]})
    _talk(seeder, conversations, users, messages, large)
    put(
        "events",
        *(
            {
                "conversation_id": conversations[place % len(conversations)],
                "seq": messages + 1 + place,
                "type": "turn.started",
                "at": TIMES[place % len(TIMES)],
                "actor_kind": "assistant",
                "actor_id": None,
                "data": KEPT[place % len(KEPT)],
                "correlation_id": None if place % 2 else "w.-_",
            }
            for place in range(max(20, messages // 20))
        ),
    )
    put("registry", {"name": "epoch", "value": "nasty"}, {"name": "\U0001f600é", "value": ""})
    put("replays", {"key": "é", "expires_at": 1}, {"key": "\uffff", "expires_at": 2})
    put("replays", {"key": "\U00010000", "expires_at": 1 << 40})
    put(
        "revocations",
        {
            "issuer": "i",
            "kind": "subject",
            "value": "v",
            "before": -1,
            "revoked_at": 1,
            "expires_at": 2,
        },
        {
            "issuer": "i",
            "kind": "token",
            "value": "v",
            "before": None,
            "revoked_at": 1,
            "expires_at": 2,
        },
    )
    put(
        "sessions",
        {
            "digest": "d",
            "issuer": "i",
            "subject": "s",
            "session_id": None,
            "sealed": bytes(range(256)),
            "version": 1,
            "created_at": 1,
            "updated_at": 1,
            "expires_at": 1,
        },
        {
            "digest": "D",
            "issuer": "i",
            "subject": "s",
            "session_id": "",
            "sealed": b"",
            "version": 1,
            "created_at": 1,
            "updated_at": 1,
            "expires_at": 1,
        },
    )


def _talk(
    seeder: Seeder, conversations: list[str], users: list[str], messages: int, large: int
) -> None:
    for first in range(0, messages, 1_000):
        rows, turns = [], []
        for place in range(first, min(messages, first + 1_000)):
            usual = 0 if place % 2 and messages > 1_000 else place % len(TEXTS)
            text = TEXTS[usual]
            if len(text) > 5_000 and place > 2_000:
                text = text[:40]
            row: dict[str, object] = {
                "id": seeder.id(),
                "conversation_id": conversations[place % len(conversations)],
                "seq": place + 1,
                "author_kind": ("user", "machine", "assistant")[place % 3],
                "author_id": users[place % 40] if place % 3 == 0 else None,
                "role": ("user", "assistant", "system")[place % 3],
                "content": "\U0001f600é" * 170_000 if place < large else text,
                "in_reply_to": seeder.id() if place % 7 == 0 else None,
                "metadata": OBJECTS[place % len(OBJECTS)] if place % 4 == 0 else "{}",
                "created_at": TIMES[place % len(TIMES)],
                "correlation_id": None,
            }
            rows.append(row)
            if place % 10 == 0:
                status = ("queued", "running", "completed", "failed")[place // 10 % 4]
                ended = status in {"completed", "failed"}
                failed = status == "failed"
                turns.append(
                    {
                        "id": seeder.id(),
                        "conversation_id": row["conversation_id"],
                        "message_id": row["id"],
                        "status": status,
                        "attempts": place,
                        "worker": "w\U0001f600" if status == "running" else None,
                        "due_at": None if ended else TIMES[place % len(TIMES)],
                        "error_code": "internal" if failed else None,
                        "error_message": text[:100] if failed else None,
                        "created_at": 1,
                        "updated_at": 2,
                    }
                )
        seeder.put("messages", *rows)
        if turns:
            seeder.put("turns", *turns)
