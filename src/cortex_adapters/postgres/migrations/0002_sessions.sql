-- Signing on and off. A browser's secret is not here, only its digest; its tokens are encrypted.
CREATE TABLE sessions (
    digest text COLLATE "C" PRIMARY KEY,
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    session_id text COLLATE "C",
    sealed bytea NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_of_provider ON sessions (issuer, session_id);
CREATE INDEX sessions_of_subject ON sessions (issuer, subject);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE revocations (
    issuer text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('session', 'subject', 'token')),
    value text COLLATE "C" NOT NULL,
    before timestamptz CHECK ((before IS NULL) = (kind = 'token')),
    revoked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, kind, value)
);
CREATE INDEX revocations_newest ON revocations (revoked_at);
CREATE INDEX revocations_expiry ON revocations (expires_at);

-- What may happen once: until expires_at, its key is spent.
CREATE TABLE replays (
    key text COLLATE "C" PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX replays_expiry ON replays (expires_at);
