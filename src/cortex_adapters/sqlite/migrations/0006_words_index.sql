-- runs: 4
-- From the words to their message, and to the messages that have none yet.
CREATE INDEX messages_words ON messages (words);
