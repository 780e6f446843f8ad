-- The two views that other programs read. Scalar subqueries, so that no join multiplies a count.
CREATE VIEW active_streams_view AS
SELECT
    s.id,
    s.title,
    s.user_id,
    u.name AS streamer_name,
    s.category,
    s.quality,
    s.started_at,
    (SELECT COUNT(*) FROM stream_viewers v WHERE v.stream_id = s.id AND v.left_at IS NULL) AS current_viewers,
    s.thumbnail_url
FROM live_streams s
JOIN users u ON u.id = s.user_id
WHERE s.status = 'live';

CREATE VIEW stream_stats_view AS
SELECT
    s.id,
    s.title,
    s.user_id,
    (SELECT COUNT(DISTINCT COALESCE('u' || v.user_id, 's' || v.session_id, 'a' || v.ip_address))
        FROM stream_viewers v WHERE v.stream_id = s.id) AS unique_viewers,
    (SELECT COUNT(*) FROM stream_viewers v WHERE v.stream_id = s.id) AS total_views,
    (SELECT COALESCE(MAX(a.peak_viewers), 0) FROM stream_analytics a WHERE a.stream_id = s.id) AS peak_viewers,
    (SELECT COUNT(*) FROM stream_chat c WHERE c.stream_id = s.id AND c.is_deleted = 0) AS chat_messages,
    (SELECT COALESCE(AVG(v.duration_seconds), 0)
        FROM stream_viewers v WHERE v.stream_id = s.id AND v.left_at IS NOT NULL) AS avg_watch_time
FROM live_streams s;
