CREATE OR REPLACE VIEW stream_stats_view AS
SELECT
    s.id,
    s.title,
    s.user_id,
    (SELECT COUNT(DISTINCT COALESCE(CONCAT('u', v.user_id), CONCAT('s', v.session_id), CONCAT('a', v.ip_address)))
        FROM stream_viewers v WHERE v.stream_id = s.id) AS unique_viewers,
    (SELECT COUNT(*) FROM stream_viewers v WHERE v.stream_id = s.id) AS total_views,
    (SELECT COALESCE(MAX(a.peak_viewers), 0) FROM stream_analytics a WHERE a.stream_id = s.id) AS peak_viewers,
    (SELECT COUNT(*) FROM stream_chat c WHERE c.stream_id = s.id AND c.is_deleted = 0) AS chat_messages,
    (SELECT COALESCE(AVG(v.duration_seconds), 0)
        FROM stream_viewers v WHERE v.stream_id = s.id AND v.left_at IS NOT NULL) AS avg_watch_time
FROM live_streams s;
