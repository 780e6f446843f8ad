-- Our role of a user whose role column knows only the site's; while it is NULL, that one decides.
ALTER TABLE users ADD COLUMN own_role VARCHAR(20);
