-- runs: 4
-- What messages say, as words that the core makes of them, each between two spaces of its own. `messages.words` is
-- their row there, NULL until somebody has made them: an older release does not, and neither does a move.
ALTER TABLE messages ADD COLUMN words INTEGER;

CREATE VIRTUAL TABLE message_words USING fts5 (words, tokenize = 'ascii');

CREATE TRIGGER messages_words_gone AFTER DELETE ON messages WHEN OLD.words IS NOT NULL
BEGIN
    DELETE FROM message_words WHERE rowid = OLD.words;
END;
