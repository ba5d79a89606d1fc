-- runs: 4
-- alone
-- From a message that retention takes to the turn that goes with it.
DROP INDEX CONCURRENTLY IF EXISTS turns_of_messages;
CREATE INDEX CONCURRENTLY IF NOT EXISTS turns_of_messages ON turns (message_id);
