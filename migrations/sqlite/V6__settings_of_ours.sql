-- Other programs share the database: a name that is clearly ours.
ALTER TABLE settings RENAME TO shardcast_settings;
