-- Ours: 1 from a stop until the next start; publishing is denied meanwhile.
ALTER TABLE live_streams ADD COLUMN stopped BOOLEAN NULL;
