DROP INDEX turns_of_messages;
