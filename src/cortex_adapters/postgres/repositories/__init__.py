"""All the SQL that units of work send, and the one order in which they lock rows.

1. A workspace: NO KEY UPDATE by who changes it or its memberships; FOR UPDATE by its DELETE;
   KEY SHARE by who goes on to change a conversation in it more than once.
2. Its memberships.
3. A conversation: FOR UPDATE by who may delete it, by ON DELETE CASCADE from its workspace, and by
   retention, SKIP LOCKED;
   KEY SHARE by who goes on to its turns.
4. Its turns and participants.
5. Its place in the log, which is its row again: NO KEY UPDATE by each UPDATE. Several by id, under
   a share of all of them that was taken before.
6. Users: KEY SHARE, by foreign keys. A link locks two of them and nothing else: NO KEY UPDATE of
   the one it points to, then FOR UPDATE of the identity's own. Two links crosswise are a deadlock.

A unit may leave steps out, but never goes back to a row that it has not locked before, nor from 5
to a DELETE: that would wait for who has a share and waits at 5 for us. While a share is held, who
deletes waits at 1 or 3 and holds nothing that comes after. Leasing waits at 5 only: SKIP LOCKED.
Messages and events need no step: only writers of their conversation touch them, and retention.

There is a trap. When a row that our own transaction has written is updated once more, PostgreSQL
checks its foreign keys again, changed or not, and that locks what they point to: the workspace for
a conversation, the conversation for a turn. So the share of it is taken first.
"""
