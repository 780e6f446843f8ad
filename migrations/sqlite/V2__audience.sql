-- What viewers do and what was recorded of it: the site's tables in SQLite's nearest types.
CREATE TABLE stream_viewers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    session_id VARCHAR(100),
    ip_address VARCHAR(45),
    user_agent TEXT,
    country_code VARCHAR(2),
    city VARCHAR(100),
    joined_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    left_at TIMESTAMP,
    duration_seconds INTEGER NOT NULL DEFAULT 0,
    chat_messages_sent INTEGER NOT NULL DEFAULT 0,
    reactions_sent INTEGER NOT NULL DEFAULT 0,
    connection_type VARCHAR(50),
    device_type VARCHAR(50),
    browser VARCHAR(50)
);
CREATE INDEX stream_viewers_stream ON stream_viewers (stream_id, left_at);

CREATE TABLE stream_chat (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    message TEXT NOT NULL,
    message_type VARCHAR(9) NOT NULL DEFAULT 'text' CHECK (message_type IN ('text', 'emoji', 'system', 'moderator')),
    anonymous_name VARCHAR(50),
    is_deleted BOOLEAN NOT NULL DEFAULT 0,
    deleted_by INTEGER,
    deleted_at TIMESTAMP,
    delete_reason VARCHAR(255),
    ip_address VARCHAR(45),
    user_agent TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX stream_chat_stream ON stream_chat (stream_id, created_at);

CREATE TABLE stream_recordings (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    filename VARCHAR(255) NOT NULL,
    file_path VARCHAR(500) NOT NULL,
    file_size BIGINT NOT NULL DEFAULT 0,
    duration_seconds INTEGER NOT NULL DEFAULT 0,
    resolution VARCHAR(20),
    fps DECIMAL(5, 2),
    bitrate INTEGER,
    codec VARCHAR(50),
    status VARCHAR(10) NOT NULL DEFAULT 'processing' CHECK (status IN ('processing', 'completed', 'failed', 'deleted')),
    processing_started_at TIMESTAMP,
    processing_completed_at TIMESTAMP,
    storage_provider VARCHAR(50) NOT NULL DEFAULT 'local',
    storage_url VARCHAR(500),
    cdn_url VARCHAR(500),
    thumbnail_url VARCHAR(500),
    preview_images JSON,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX stream_recordings_stream ON stream_recordings (stream_id);

CREATE TABLE stream_analytics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    total_viewers INTEGER NOT NULL DEFAULT 0,
    peak_viewers INTEGER NOT NULL DEFAULT 0,
    unique_viewers INTEGER NOT NULL DEFAULT 0,
    avg_watch_time DECIMAL(10, 2) NOT NULL DEFAULT 0,
    chat_messages INTEGER NOT NULL DEFAULT 0,
    reactions INTEGER NOT NULL DEFAULT 0,
    shares INTEGER NOT NULL DEFAULT 0,
    avg_bitrate INTEGER NOT NULL DEFAULT 0,
    avg_fps DECIMAL(5, 2) NOT NULL DEFAULT 0,
    connection_issues INTEGER NOT NULL DEFAULT 0,
    top_countries JSON,
    top_cities JSON,
    device_breakdown JSON,
    browser_breakdown JSON,
    hourly_viewers JSON,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX stream_analytics_stream ON stream_analytics (stream_id);

CREATE TABLE stream_reactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    reaction_type VARCHAR(50) NOT NULL,
    emoji VARCHAR(10),
    ip_address VARCHAR(45),
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX stream_reactions_stream ON stream_reactions (stream_id, created_at);
