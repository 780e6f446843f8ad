CREATE TABLE IF NOT EXISTS stream_sessions (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    session_id VARCHAR(100) NOT NULL,
    started_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ended_at TIMESTAMP NULL,
    status ENUM('active', 'completed', 'failed') DEFAULT 'active',
    server_node VARCHAR(100),
    rtmp_url VARCHAR(500),
    hls_url VARCHAR(500),
    avg_bitrate INT,
    avg_fps DECIMAL(5, 2),
    resolution VARCHAR(20),
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    INDEX stream_sessions_stream (stream_id, session_id),
    INDEX stream_sessions_status (status),
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
