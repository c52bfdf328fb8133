-- What a forge needs to find its way: what we did for a proposal, what people asked of it, and why it
-- stands as it does.
ALTER TABLE proposals ADD COLUMN purpose TEXT NOT NULL DEFAULT 'answer';
ALTER TABLE proposals ADD COLUMN number  INTEGER;
ALTER TABLE proposals ADD COLUMN ledger  TEXT NOT NULL DEFAULT '{}';
ALTER TABLE proposals ADD COLUMN wishes  TEXT NOT NULL DEFAULT '{}';
ALTER TABLE proposals ADD COLUMN note    TEXT;

-- Every step of a proposal: written before it is taken, and again with what came of it.
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    step    TEXT NOT NULL,
    begun   INTEGER NOT NULL,
    ended   INTEGER,
    outcome TEXT
) STRICT;
CREATE INDEX outbox_by_cluster ON outbox (cluster, seq);

-- Answers as maintainers merged them. The words go as soon as one of the messages goes that they stand
-- on; the rest stays until the page is mended or removed.
CREATE TABLE canon (
    cluster TEXT PRIMARY KEY,
    number  INTEGER,
    path    TEXT NOT NULL,
    link    TEXT NOT NULL,
    title   TEXT NOT NULL,
    -- The answer, as Markdown.
    answer  TEXT NOT NULL,
    -- Of the whole file, to tell whether people changed it since.
    digest  TEXT NOT NULL,
    merged  INTEGER NOT NULL
) STRICT;

-- The messages that a merged answer stands on.
CREATE TABLE canon_evidence (
    cluster TEXT NOT NULL,
    message INTEGER NOT NULL,
    -- Where the message was stored when the answer was kept; 0 where it was not.
    channel INTEGER NOT NULL,
    PRIMARY KEY (cluster, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX canon_by_evidence ON canon_evidence (message);
