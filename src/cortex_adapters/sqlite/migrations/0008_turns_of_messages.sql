-- runs: 4
-- Nothing to do here: a turn has a message of its own, and so has its index. PostgreSQL needs one.
SELECT 1;
