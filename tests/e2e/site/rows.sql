-- Rows in every table. STREAMER is the name that the site's version gives a streamer.
INSERT INTO users (id, email, password_hash, name, role, bio, email_verified, password_reset_expires, is_active, created_at, updated_at, last_login) VALUES
    (1, 'admin@site.example', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', 'Root', 'admin', NULL, 1, NULL, 1, '2023-01-01 00:00:00', '2023-01-01 00:00:00', NULL),
    (7, 'cara@site.example', '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'Cára "C" O\'Hara 🎬', 'STREAMER', 'Line one\nline two', 1, '2024-02-29 23:59:59', 1, '2023-03-26 02:30:00', '2023-06-01 12:00:00', '2024-05-05 05:05:05'),
    (9, 'gone@site.example', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', 'Left', 'user', NULL, 0, NULL, 0, '2023-01-01 00:00:00', '2023-01-01 00:00:00', NULL),
    (12, 'none@site.example', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', 'No role', NULL, NULL, NULL, NULL, NULL, '2023-01-01 00:00:00', '2023-01-01 00:00:00', NULL);
INSERT INTO live_streams (id, user_id, title, description, stream_key, category, quality, max_viewers, chat_enabled, status, scheduled_start, started_at, ended_at, tags, is_featured, created_at, updated_at) VALUES
    ('stream-001', 7, 'Talk 日本語', 'About <b>it</b>', 'old-plain-key-001', 'technology', '1080p', 250, 1, 'scheduled', '2030-01-01 10:00:00', NULL, NULL, '["one", "zwei"]', 1, '2023-04-01 00:00:00', '2023-04-02 00:00:00'),
    ('stream-002', 7, 'Over', NULL, 'Old.Plain/Key=002', 'interview', '720p', NULL, NULL, 'ended', NULL, '2023-05-01 10:00:00', '2023-05-01 11:00:00', NULL, 0, '2023-04-01 00:00:00', '2023-04-02 00:00:00'),
    ('0b9d5e8a-4f0c-4f43-9d2e-1b1f6a7c3d21', 1, 'Live on the old server', NULL, 'old-plain-key-003', 'arts', '480p', 1000, 1, 'live', NULL, '2024-01-01 10:00:00', NULL, '{}', 0, '2023-04-01 00:00:00', '2023-04-02 00:00:00');
INSERT INTO stream_sessions (id, stream_id, session_id, started_at, ended_at, status, server_node, rtmp_url, avg_bitrate, avg_fps, resolution, created_at, updated_at) VALUES
    ('session-1', 'stream-002', 'abc', '2023-05-01 10:00:00', '2023-05-01 11:00:00', 'completed', 'node-1', 'rtmp://site/live/x', 2500, 29.97, '1280x720', '2023-05-01 10:00:00', '2023-05-01 11:00:00'),
    ('session-2', '0b9d5e8a-4f0c-4f43-9d2e-1b1f6a7c3d21', 'def', '2024-01-01 10:00:00', NULL, 'active', 'node-1', NULL, NULL, NULL, NULL, '2024-01-01 10:00:00', '2024-01-01 10:00:00');
INSERT INTO stream_viewers (id, stream_id, user_id, session_id, ip_address, user_agent, country_code, city, joined_at, left_at, duration_seconds) VALUES
    (3, 'stream-002', 9, 'v1', '2001:db8::1', 'Mozilla/5.0 "x"', 'DE', 'Köln', '2023-05-01 10:01:00', '2023-05-01 10:03:00', 120),
    (4000000000, '0b9d5e8a-4f0c-4f43-9d2e-1b1f6a7c3d21', NULL, 'v2', NULL, NULL, NULL, NULL, '2024-01-01 10:01:00', NULL, NULL);
INSERT INTO stream_chat (id, stream_id, user_id, message, message_type, anonymous_name, is_deleted, deleted_by, deleted_at, delete_reason, created_at, updated_at) VALUES
    (1, 'stream-002', 9, 'Hello 👋 it\'s "me"; DROP TABLE users; --', 'text', NULL, 0, NULL, NULL, NULL, '2023-05-01 10:02:00', '2023-05-01 10:02:00'),
    (2, 'stream-002', NULL, '<script>alert(1)</script>', 'emoji', 'Guest', 1, 7, '2023-05-01 10:03:00', 'spam', '2023-05-01 10:02:30', '2023-05-01 10:03:00');
INSERT INTO stream_recordings (id, stream_id, filename, file_path, file_size, duration_seconds, fps, status, processing_started_at, preview_images, created_at, updated_at) VALUES
    ('rec-1', 'stream-002', 'a b.mp4', '/recordings/a b.mp4', 5000000000, 3600, 30.00, 'completed', '2023-05-01 11:00:00', '["1.jpg"]', '2023-05-01 11:00:00', '2023-05-01 11:00:00');
INSERT INTO stream_analytics (id, stream_id, total_viewers, peak_viewers, avg_watch_time, avg_fps, top_countries, created_at, updated_at) VALUES
    (1, 'stream-002', 10, 5, 12345678.90, 29.97, '{"DE": 1}', '2023-05-01 11:00:00', '2023-05-01 11:00:00');
INSERT INTO stream_moderators (id, stream_id, user_id, can_ban_users, is_active, assigned_by, created_at, updated_at) VALUES
    (1, 'stream-001', 9, 1, NULL, 7, '2023-05-01 11:00:00', '2023-05-01 11:00:00');
INSERT INTO stream_reactions (id, stream_id, user_id, reaction_type, emoji, ip_address, created_at) VALUES
    (1, 'stream-002', NULL, 'heart', '❤️', '192.0.2.1', '2023-05-01 10:05:00');
