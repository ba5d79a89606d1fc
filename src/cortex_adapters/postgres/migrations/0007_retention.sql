-- runs: 4
-- Where the log of a conversation begins: after the last place that retention took.
ALTER TABLE conversations ADD COLUMN first_seq bigint NOT NULL DEFAULT 1;
