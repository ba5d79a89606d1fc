-- Text that is compared or put in order is compared by bytes: COLLATE "C".

CREATE TABLE users (
    id uuid PRIMARY KEY,
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    name text NOT NULL,
    email text,
    email_verified boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'disabled')),
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT users_identity UNIQUE (issuer, subject)
);

CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    metadata jsonb NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- name_key repeats that of the workspace's name, so that an index can keep names apart.
CREATE TABLE memberships (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
    name_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id, workspace_id);
CREATE INDEX memberships_owners ON memberships (workspace_id) WHERE role = 'owner';
CREATE UNIQUE INDEX memberships_name ON memberships (user_id, name_key) WHERE role = 'owner';

-- Each message makes a new version of its conversation's row: leave it room on its page.
CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    topic text NOT NULL,
    metadata jsonb NOT NULL,
    last_seq bigint NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX conversations_newest ON conversations (workspace_id, updated_at DESC, id DESC);

CREATE TABLE participants (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX participants_of_user ON participants (user_id, conversation_id);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq bigint NOT NULL,
    author_kind text NOT NULL CHECK (author_kind IN ('user', 'machine', 'assistant')),
    author_id uuid,
    role text NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
    content text NOT NULL,
    in_reply_to uuid,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT messages_place UNIQUE (conversation_id, seq)
);

-- What happened beside the messages: each message is its own event, message.created, in its place.
-- json, not jsonb: what was said is given back to the byte, and nobody looks inside.
CREATE TABLE events (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq bigint NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'machine', 'assistant')),
    actor_id uuid,
    data json NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);

CREATE TABLE turns (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    message_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed')),
    attempts bigint NOT NULL,
    worker text COLLATE "C" CHECK ((worker IS NOT NULL) = (status = 'running')),
    due_at timestamptz NOT NULL,
    error_code text,
    error_message text CHECK ((error_code IS NULL) = (error_message IS NULL)),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX turns_due ON turns (due_at, id) WHERE status IN ('queued', 'running');
CREATE INDEX turns_of_conversation ON turns (conversation_id);

CREATE TABLE registry (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);
