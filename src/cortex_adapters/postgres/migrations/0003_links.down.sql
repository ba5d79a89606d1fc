-- loses: which identities answer with the user of another one; each is a user of its own then
DROP INDEX users_email;
ALTER TABLE users
    DROP COLUMN linked_to,
    DROP COLUMN linked_at,
    DROP COLUMN linked_by,
    DROP COLUMN linked_how,
    DROP COLUMN said_name,
    DROP COLUMN said_at;
