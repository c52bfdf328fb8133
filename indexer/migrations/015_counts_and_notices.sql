-- One count for every surface: how often a question was resolved is told by the core of its cluster, so that each
-- occurrence is stored with whether it counts. Every cluster is made again to find out.
ALTER TABLE occurrences ADD COLUMN outside_core INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clusters ADD COLUMN times INTEGER NOT NULL DEFAULT 0;
UPDATE clusters SET times = size;
UPDATE asked_texts SET stale = 1;

-- What askers were told, each thing once: that an answer waits for their word, or where the page of their question is.
CREATE TABLE asker_notices (
    kind     TEXT NOT NULL,
    question INTEGER NOT NULL,
    channel  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    -- 1 while the asker says that it is no question.
    declined INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, question)
) STRICT, WITHOUT ROWID;
CREATE INDEX asker_notices_by_channel ON asker_notices (channel, at);
