CREATE TABLE IF NOT EXISTS stream_reactions (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    user_id INT,
    reaction_type VARCHAR(50) NOT NULL,
    emoji VARCHAR(10),
    ip_address VARCHAR(45),
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    INDEX stream_reactions_stream (stream_id, created_at),
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
