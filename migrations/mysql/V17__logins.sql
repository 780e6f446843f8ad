-- One row for each log-in that holds. A refresh token is a handle, by which the row is found, and a secret, which
-- changes with every use; both are kept as SHA-256 only.
CREATE TABLE login_sessions (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id INT NOT NULL,
    handle_hash VARCHAR(64) NOT NULL UNIQUE,
    secret_hash VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    refreshed_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    INDEX login_sessions_user (user_id, refreshed_at),
    INDEX login_sessions_end (expires_at),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
