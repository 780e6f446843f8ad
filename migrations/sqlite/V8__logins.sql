-- Ours. logged_out_at: tokens of the user that were made by then no longer hold.
ALTER TABLE users ADD COLUMN logged_out_at DATETIME;
-- stopped: 1 from a stop until the next start; publishing is denied meanwhile.
ALTER TABLE live_streams ADD COLUMN stopped BOOLEAN;

-- One row for each log-in that holds. A refresh token is a handle, by which the row is found, and a secret, which
-- changes with every use; both are kept as SHA-256 only.
CREATE TABLE login_sessions (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    handle_hash VARCHAR(64) NOT NULL UNIQUE,
    secret_hash VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    refreshed_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE INDEX login_sessions_user ON login_sessions (user_id, refreshed_at);
CREATE INDEX login_sessions_end ON login_sessions (expires_at);

-- What an Idempotency-Key made, so that a repeated request makes nothing twice.
CREATE TABLE idempotency_keys (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name VARCHAR(128) NOT NULL,
    request_hash VARCHAR(64) NOT NULL,
    resource VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (user_id, name)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
