-- loses: who is signed on, which tokens were revoked and may be used again, and what was spent
DROP TABLE sessions;
DROP TABLE revocations;
DROP TABLE replays;
