-- loses: which identities answer with the user of another one; each is a user of its own then
DROP INDEX users_email;
DROP INDEX users_links;
ALTER TABLE users DROP COLUMN said_at;
ALTER TABLE users DROP COLUMN said_name;
ALTER TABLE users DROP COLUMN linked_how;
ALTER TABLE users DROP COLUMN linked_by;
ALTER TABLE users DROP COLUMN linked_at;
ALTER TABLE users DROP COLUMN linked_to;
