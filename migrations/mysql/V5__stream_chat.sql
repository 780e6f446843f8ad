CREATE TABLE IF NOT EXISTS stream_chat (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    user_id INT,
    message TEXT NOT NULL,
    message_type ENUM('text', 'emoji', 'system', 'moderator') DEFAULT 'text',
    anonymous_name VARCHAR(50),
    is_deleted BOOLEAN DEFAULT FALSE,
    deleted_by INT,
    deleted_at TIMESTAMP NULL,
    delete_reason VARCHAR(255),
    ip_address VARCHAR(45),
    user_agent TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    INDEX stream_chat_stream (stream_id, created_at),
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
