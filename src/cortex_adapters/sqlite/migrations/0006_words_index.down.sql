DROP INDEX messages_words;
