DROP INDEX messages_words;
DROP INDEX messages_without_words;
