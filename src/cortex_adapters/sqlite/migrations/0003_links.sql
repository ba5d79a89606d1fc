-- An identity can answer with the user of another one: its own row then has no user of its own, and an id that
-- nobody was given. said_name and said_at are what the identity provider said last, and when.
ALTER TABLE users ADD COLUMN linked_to TEXT REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE users ADD COLUMN linked_at INTEGER CHECK ((linked_at IS NULL) = (linked_to IS NULL));
ALTER TABLE users ADD COLUMN linked_by TEXT CHECK ((linked_by IS NULL) = (linked_to IS NULL));
ALTER TABLE users ADD COLUMN linked_how TEXT CHECK ((linked_how IS NULL) = (linked_to IS NULL));
ALTER TABLE users ADD COLUMN said_name TEXT;
ALTER TABLE users ADD COLUMN said_at INTEGER;

CREATE INDEX users_links ON users (linked_to) WHERE linked_to IS NOT NULL;
CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;
