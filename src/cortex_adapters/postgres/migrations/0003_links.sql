-- An identity can answer with the user of another one: its own row then has no user of its own, and an id that
-- nobody was given. said_name and said_at are what the identity provider said last, and when.
ALTER TABLE users
    ADD COLUMN linked_to uuid REFERENCES users ON DELETE CASCADE,
    ADD COLUMN linked_at timestamptz,
    ADD COLUMN linked_by text,
    ADD COLUMN linked_how text,
    ADD COLUMN said_name text,
    ADD COLUMN said_at timestamptz,
    ADD CONSTRAINT users_link CHECK (
        (linked_to IS NULL) = (linked_at IS NULL)
        AND (linked_to IS NULL) = (linked_by IS NULL)
        AND (linked_to IS NULL) = (linked_how IS NULL)
    );
CREATE INDEX users_links ON users (linked_to) WHERE linked_to IS NOT NULL;
CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;
