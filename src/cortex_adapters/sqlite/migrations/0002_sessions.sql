-- Signing on and off. A browser's secret is not here, only its digest; its tokens are encrypted.
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    session_id TEXT,
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_of_provider ON sessions (issuer, session_id);
CREATE INDEX sessions_of_subject ON sessions (issuer, subject);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE revocations (
    issuer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'subject', 'token')),
    value TEXT NOT NULL,
    before INTEGER CHECK ((before IS NULL) = (kind = 'token')),
    revoked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX revocations_newest ON revocations (revoked_at);
CREATE INDEX revocations_expiry ON revocations (expires_at);

-- What may happen once: until expires_at, its key is spent.
CREATE TABLE replays (
    key TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX replays_expiry ON replays (expires_at);
