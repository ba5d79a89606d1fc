-- An older release does not miss it, and the newer one makes it again.
ALTER TABLE messages DROP COLUMN words;
