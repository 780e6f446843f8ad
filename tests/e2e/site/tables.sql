-- A site's database as its own migration makes it: what docs/migrating.md promises to adopt. ROLE_TYPE differs between
-- versions of the site.
CREATE TABLE users (
    id INT AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(255) UNIQUE NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    role ROLE_TYPE DEFAULT 'user',
    avatar_url VARCHAR(500), bio TEXT, location VARCHAR(255), website VARCHAR(255), phone VARCHAR(50),
    company VARCHAR(255),
    email_verified BOOLEAN DEFAULT FALSE,
    email_verification_token VARCHAR(255), password_reset_token VARCHAR(255), password_reset_expires DATETIME,
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    last_login TIMESTAMP NULL
);
CREATE TABLE live_streams (
    id VARCHAR(36) PRIMARY KEY,
    user_id INT NOT NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT,
    stream_key VARCHAR(64) UNIQUE NOT NULL,
    category VARCHAR(50) DEFAULT 'interview',
    quality ENUM('360p', '480p', '720p', '1080p') DEFAULT '720p',
    max_viewers INT DEFAULT 1000,
    recording_enabled BOOLEAN DEFAULT TRUE, chat_enabled BOOLEAN DEFAULT TRUE,
    moderation_enabled BOOLEAN DEFAULT TRUE,
    status ENUM('scheduled', 'live', 'ended', 'cancelled') DEFAULT 'scheduled',
    scheduled_start DATETIME, started_at DATETIME, ended_at DATETIME,
    thumbnail_url VARCHAR(500),
    tags JSON,
    is_featured BOOLEAN DEFAULT FALSE, is_private BOOLEAN DEFAULT FALSE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE stream_sessions (
    id VARCHAR(36) PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    session_id VARCHAR(100) NOT NULL,
    started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ended_at TIMESTAMP NULL,
    status ENUM('active', 'completed', 'failed') DEFAULT 'active',
    server_node VARCHAR(100), rtmp_url VARCHAR(500), hls_url VARCHAR(500),
    avg_bitrate INT, avg_fps DECIMAL(5, 2), resolution VARCHAR(20),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE
);
CREATE TABLE stream_viewers (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    user_id INT NULL,
    session_id VARCHAR(100) NOT NULL,
    ip_address VARCHAR(45), user_agent TEXT, country_code VARCHAR(2), city VARCHAR(100),
    joined_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    left_at TIMESTAMP NULL,
    duration_seconds INT DEFAULT 0, chat_messages_sent INT DEFAULT 0, reactions_sent INT DEFAULT 0,
    connection_type VARCHAR(50), device_type VARCHAR(50), browser VARCHAR(50),
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE TABLE stream_chat (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    user_id INT NULL,
    message TEXT NOT NULL,
    message_type ENUM('text', 'emoji', 'system', 'moderator') DEFAULT 'text',
    anonymous_name VARCHAR(50),
    is_deleted BOOLEAN DEFAULT FALSE, deleted_by INT, deleted_at TIMESTAMP NULL, delete_reason VARCHAR(255),
    ip_address VARCHAR(45), user_agent TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE TABLE stream_recordings (
    id VARCHAR(36) PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    filename VARCHAR(255) NOT NULL, file_path VARCHAR(500) NOT NULL,
    file_size BIGINT DEFAULT 0, duration_seconds INT DEFAULT 0,
    resolution VARCHAR(20), fps DECIMAL(5, 2), bitrate INT, codec VARCHAR(50),
    status ENUM('processing', 'completed', 'failed', 'deleted') DEFAULT 'processing',
    processing_started_at TIMESTAMP NULL, processing_completed_at TIMESTAMP NULL,
    storage_provider VARCHAR(50) DEFAULT 'local',
    storage_url VARCHAR(500), cdn_url VARCHAR(500), thumbnail_url VARCHAR(500),
    preview_images JSON,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE
);
CREATE TABLE stream_analytics (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    total_viewers INT DEFAULT 0, peak_viewers INT DEFAULT 0, unique_viewers INT DEFAULT 0,
    avg_watch_time DECIMAL(10, 2) DEFAULT 0,
    chat_messages INT DEFAULT 0, reactions INT DEFAULT 0, shares INT DEFAULT 0,
    avg_bitrate INT DEFAULT 0, avg_fps DECIMAL(5, 2) DEFAULT 0, connection_issues INT DEFAULT 0,
    top_countries JSON, top_cities JSON, device_breakdown JSON, browser_breakdown JSON, hourly_viewers JSON,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE
);
CREATE TABLE stream_moderators (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    user_id INT NOT NULL,
    can_delete_messages BOOLEAN DEFAULT TRUE, can_timeout_users BOOLEAN DEFAULT TRUE,
    can_ban_users BOOLEAN DEFAULT FALSE, can_manage_stream BOOLEAN DEFAULT FALSE,
    is_active BOOLEAN DEFAULT TRUE,
    assigned_by INT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE KEY one (stream_id, user_id),
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE stream_reactions (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(36) NOT NULL,
    user_id INT NULL,
    reaction_type VARCHAR(50) NOT NULL,
    emoji VARCHAR(10),
    ip_address VARCHAR(45),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (stream_id) REFERENCES live_streams (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE VIEW active_streams_view AS
SELECT s.id, s.title, s.user_id, u.name AS streamer_name, s.category, s.quality, s.started_at,
       COUNT(v.id) AS current_viewers, s.thumbnail_url
FROM live_streams s
JOIN users u ON u.id = s.user_id
LEFT JOIN stream_viewers v ON v.stream_id = s.id AND v.left_at IS NULL
WHERE s.status = 'live'
GROUP BY s.id;
CREATE VIEW stream_stats_view AS
SELECT s.id, s.title, s.user_id, COUNT(DISTINCT v.user_id) AS unique_viewers, COUNT(v.id) AS total_views,
       MAX(a.peak_viewers) AS peak_viewers, COUNT(c.id) AS chat_messages, AVG(v.duration_seconds) AS avg_watch_time
FROM live_streams s
LEFT JOIN stream_viewers v ON v.stream_id = s.id
LEFT JOIN stream_analytics a ON a.stream_id = s.id
LEFT JOIN stream_chat c ON c.stream_id = s.id
GROUP BY s.id;
