-- An older release does not miss it, and the newer one makes it again.
DROP TRIGGER messages_words_gone;
DROP TABLE message_words;
ALTER TABLE messages DROP COLUMN words;
