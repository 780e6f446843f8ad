-- Ours: new nullable columns and a new table, nothing of the site's is changed.
-- key_sealed: the key under authenticated encryption; while it is NULL, stream_key is the key itself,
--   otherwise stream_key is the hexadecimal HMAC by which it is found.
ALTER TABLE live_streams ADD COLUMN key_sealed VARCHAR(255);
-- key_disabled: 1 while an administrator keeps the stream from being published.
ALTER TABLE live_streams ADD COLUMN key_disabled BOOLEAN;
-- next_session: the session number that the next publish gets; NULL before the first.
ALTER TABLE live_streams ADD COLUMN next_session BIGINT;
-- msn_high: the highest media sequence number that a playlist of this stream used or was promised.
ALTER TABLE live_streams ADD COLUMN msn_high BIGINT;

CREATE TABLE settings (
    name VARCHAR(100) PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
