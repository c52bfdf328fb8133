-- Whether somebody closed a thread. Exports do not tell.
ALTER TABLE channels ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;

-- Who asked, and a sketch of what about: whoever comes back with the same question was not helped before.
ALTER TABLE exchanges ADD COLUMN asker INTEGER;
ALTER TABLE exchanges ADD COLUMN topics INTEGER NOT NULL DEFAULT 0;
CREATE INDEX exchanges_by_asker ON exchanges (asker, status, id, topics) WHERE asker IS NOT NULL;
