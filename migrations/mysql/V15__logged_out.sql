-- Ours. Tokens of the user that were made by then no longer hold.
ALTER TABLE users ADD COLUMN logged_out_at DATETIME NULL;
