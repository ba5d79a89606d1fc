-- runs: 4
-- alone
-- The words as they are, without PostgreSQL's own idea of what a word is; and the messages that have none yet.
DROP INDEX CONCURRENTLY IF EXISTS messages_words;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_words ON messages
    USING gin (array_to_tsvector(string_to_array(btrim(words), '  ')));
DROP INDEX CONCURRENTLY IF EXISTS messages_without_words;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_without_words ON messages (id) WHERE words IS NULL;
