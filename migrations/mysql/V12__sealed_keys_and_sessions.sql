-- Ours, nullable, so that nothing of the site's is changed.
-- key_sealed: the key under authenticated encryption; while it is NULL, stream_key is the key itself,
--   otherwise stream_key is the hexadecimal HMAC by which it is found.
-- key_disabled: 1 while an administrator keeps the stream from being published.
-- next_session: the session number that the next publish gets; NULL before the first.
-- msn_high: the highest media sequence number that a playlist of this stream used or was promised.
ALTER TABLE live_streams
    ADD COLUMN key_sealed VARCHAR(255) NULL,
    ADD COLUMN key_disabled BOOLEAN NULL,
    ADD COLUMN next_session BIGINT NULL,
    ADD COLUMN msn_high BIGINT NULL;
