-- Scalar subqueries, so that no join multiplies a count.
CREATE OR REPLACE VIEW active_streams_view AS
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
