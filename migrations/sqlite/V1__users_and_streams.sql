-- The site's own users and streams, in SQLite's nearest types. Times are UTC, as 'YYYY-MM-DD HH:MM:SS'.
-- Roles have no CHECK: versions of the site differ in their role names, and adopted rows keep theirs.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(255) NOT NULL UNIQUE COLLATE NOCASE,
    password_hash VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    role VARCHAR(50) NOT NULL DEFAULT 'viewer',
    avatar_url VARCHAR(500),
    bio TEXT,
    location VARCHAR(255),
    website VARCHAR(500),
    phone VARCHAR(50),
    company VARCHAR(255),
    email_verified BOOLEAN NOT NULL DEFAULT 0,
    email_verification_token VARCHAR(255),
    password_reset_token VARCHAR(255),
    password_reset_expires DATETIME,
    is_active BOOLEAN NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_login TIMESTAMP
);

CREATE TABLE live_streams (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title VARCHAR(255) NOT NULL,
    description TEXT,
    stream_key VARCHAR(64) NOT NULL UNIQUE,
    category VARCHAR(50) NOT NULL DEFAULT 'interview',
    quality VARCHAR(5) NOT NULL DEFAULT '720p' CHECK (quality IN ('360p', '480p', '720p', '1080p')),
    max_viewers INTEGER NOT NULL DEFAULT 1000,
    recording_enabled BOOLEAN NOT NULL DEFAULT 1,
    chat_enabled BOOLEAN NOT NULL DEFAULT 1,
    moderation_enabled BOOLEAN NOT NULL DEFAULT 1,
    status VARCHAR(9) NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'live', 'ended', 'cancelled')),
    scheduled_start DATETIME,
    started_at DATETIME,
    ended_at DATETIME,
    thumbnail_url VARCHAR(500),
    tags JSON,
    is_featured BOOLEAN NOT NULL DEFAULT 0,
    is_private BOOLEAN NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX live_streams_user ON live_streams (user_id);
CREATE INDEX live_streams_status ON live_streams (status, started_at);

CREATE TABLE stream_sessions (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    session_id VARCHAR(100) NOT NULL,
    started_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ended_at TIMESTAMP,
    status VARCHAR(9) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'completed', 'failed')),
    server_node VARCHAR(100),
    rtmp_url VARCHAR(500),
    hls_url VARCHAR(500),
    avg_bitrate INTEGER,
    avg_fps DECIMAL(5, 2),
    resolution VARCHAR(20),
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX stream_sessions_stream ON stream_sessions (stream_id, session_id);
CREATE INDEX stream_sessions_status ON stream_sessions (status);

CREATE TABLE stream_moderators (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id VARCHAR(36) NOT NULL REFERENCES live_streams (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    can_delete_messages BOOLEAN NOT NULL DEFAULT 1,
    can_timeout_users BOOLEAN NOT NULL DEFAULT 1,
    can_ban_users BOOLEAN NOT NULL DEFAULT 0,
    can_manage_stream BOOLEAN NOT NULL DEFAULT 0,
    is_active BOOLEAN NOT NULL DEFAULT 1,
    assigned_by INTEGER,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (stream_id, user_id)
);
