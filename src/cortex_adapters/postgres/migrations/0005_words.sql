-- runs: 4
-- What a message says, as words that the core makes of it, each between two spaces of its own. NULL until somebody
-- has made them: an older release does not, and neither does a move.
ALTER TABLE messages ADD COLUMN words text COLLATE "C";
