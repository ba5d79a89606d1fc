"""A second wall: row-level security, by which a forgotten WHERE shows nothing of others.

Who acts stands in `cortex.caller`, for the length of a transaction: a user's id, or `system`, which
sees everything; whoever says nothing sees nothing. Policies cannot ask a table that asks theirs, so
where two tables would, one goes by a function, which asks as the system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cortex_adapters.moving.questions import quoted
from cortex_adapters.postgres.connection import Connection, connected

__all__ = ["POLICIES", "SYSTEM", "lowered", "only_ours", "raised", "session", "stand"]

SYSTEM: Final = "system"

_STAND: Final = "SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass('messages')"

_OTHERS: Final = r"""
    SELECT FROM pg_policies
    WHERE schemaname = current_schema() AND policyname NOT LIKE 'wall\_%' LIMIT 1
    """

_SEEN: Final = "EXISTS (SELECT FROM {schema}.conversations c WHERE c.id = conversation_id)"
_NONE: Final = "false"
POLICIES: Final[Mapping[str, str]] = {
    "users": "id = {me} OR linked_to = {me}",
    "workspaces": """EXISTS (
        SELECT FROM {schema}.memberships m WHERE m.workspace_id = workspaces.id AND m.user_id = {me}
    ) OR {schema}.wall_guest(id, {me})""",
    "memberships": "user_id = {me} OR {schema}.wall_member(workspace_id, {me})",
    "conversations": """EXISTS (
        SELECT FROM {schema}.memberships m
        WHERE m.workspace_id = conversations.workspace_id AND m.user_id = {me}
    ) OR EXISTS (
        SELECT FROM {schema}.participants p
        WHERE p.conversation_id = conversations.id AND p.user_id = {me}
    )""",
    "participants": "user_id = {me} OR {schema}.wall_talk(conversation_id, {me})",
    "messages": _SEEN,
    "events": _SEEN,
    "turns": _SEEN,
    "sessions": _NONE,
    "revocations": _NONE,
    "replays": _NONE,
    "registry": _NONE,
}
"""Which rows of each table a user has a part in; the system has one in all."""
_WRITABLE: Final[Mapping[str, str]] = {
    "memberships": "{schema}.wall_member(workspace_id, {me})",
    "participants": "{schema}.wall_talk(conversation_id, {me})",
}
"""Which rows may be written where that is less than may be seen: nobody lets themselves in."""

# `(SELECT ...)` is worked out once for each statement, and not once for each row.
_ME: Final = "(SELECT {schema}.wall_me())"
_IS_SYSTEM: Final = f"(SELECT current_setting('cortex.caller', true)) = '{SYSTEM}'"

_ME_FUNCTION: Final = r"""
CREATE OR REPLACE FUNCTION {schema}.wall_me() RETURNS uuid STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN current_setting('cortex.caller', true) ~ '^[0-9a-f-]{{36}}$'
        THEN current_setting('cortex.caller', true)::uuid END
$$;"""
# SET as a clause of the function would do the same, for superusers alone.
_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION {schema}.wall_{name}(place uuid, me uuid) RETURNS boolean
STABLE LANGUAGE plpgsql AS $$
DECLARE
    caller text := current_setting('cortex.caller', true);
    has_part boolean;
BEGIN
    PERFORM set_config('cortex.caller', 'system', true);
    SELECT EXISTS (
        {asked}
    ) INTO has_part;
    PERFORM set_config('cortex.caller', caller, true);
    RETURN has_part;
END $$;"""
_ASKED: Final[Mapping[str, str]] = {
    "member": "SELECT FROM {schema}.memberships WHERE workspace_id = place AND user_id = me",
    "guest": """SELECT FROM {schema}.participants p
        JOIN {schema}.conversations c ON c.id = p.conversation_id
        WHERE p.user_id = me AND c.workspace_id = place""",
    "talk": """SELECT FROM {schema}.conversations c
        JOIN {schema}.memberships m ON m.workspace_id = c.workspace_id
        WHERE c.id = place AND m.user_id = me""",
}


def raised(schema: str) -> Sequence[str]:
    """Return the SQL that raises the walls; the owner of the tables stands behind them, too."""
    own = quoted(schema)
    lines = [_ME_FUNCTION.format(schema=own)]
    for name, asked in _ASKED.items():
        lines.append(_FUNCTION.format(schema=own, name=name, asked=asked.format(schema=own)))
    for table, policy in POLICIES.items():
        name = f"{own}.{quoted(table)}"
        me = _ME.format(schema=own)
        mine = policy.format(schema=own, me=me)
        writable = _WRITABLE.get(table, policy).format(schema=own, me=me)
        lines += [
            f"DROP POLICY IF EXISTS wall_{table} ON {name};",
            f"CREATE POLICY wall_{table} ON {name} USING (",
            f"    {_IS_SYSTEM} OR {mine}",
            ") WITH CHECK (",
            f"    {_IS_SYSTEM} OR {writable}",
            ");",
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        ]
    return lines


def lowered(schema: str) -> Sequence[str]:
    """Return the SQL that takes the walls down."""
    own = quoted(schema)
    lines = [""]
    for table in POLICIES:
        name = f"{own}.{quoted(table)}"
        lines += [
            f"DROP POLICY IF EXISTS wall_{table} ON {name};",
            f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;",
        ]
    return [*lines, *(f"DROP FUNCTION IF EXISTS {own}.wall_{name};" for name in (*_ASKED, "me"))]


async def only_ours(connection: Connection) -> bool:
    """Say whether no policy but these may hide a row from the system."""
    cursor = await connection.execute(_OTHERS)
    return await cursor.fetchone() is None


def session(*, walled: bool) -> Mapping[str, str]:
    """Return the settings of a server's connections: behind walls they are nobody's at first."""
    return {"cortex.caller": ""} if walled else {}


async def stand(conninfo: str) -> bool:
    """Say whether the walls are up, so that units of work must say who acts.

    Raises:
        UnavailableError: The database cannot be reached.
    """
    async with connected(conninfo) as connection:
        cursor = await connection.execute(_STAND)
        return await cursor.fetchone() == (True,)
