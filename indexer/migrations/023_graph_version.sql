-- Counts up with each change of the edges between texts, so that a process knows whether what it read of them holds.
ALTER TABLE corpus_epoch ADD COLUMN edges_version INTEGER NOT NULL DEFAULT 0;
