-- The graph of likeness: what a change of one question touches is found from here, without reading the
-- others.

-- The words of questions and answers, each text once.
CREATE TABLE asked_texts (
    -- The question that asked it first.
    first  INTEGER PRIMARY KEY,
    digest INTEGER NOT NULL,
    -- The epoch in which it was weighed; 0 before.
    epoch  INTEGER NOT NULL DEFAULT 0,
    -- The first text of its region when clusters were last made.
    region INTEGER,
    -- 1 until the clusters of its region are made again.
    stale  INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX asked_texts_by_digest ON asked_texts (digest);
CREATE INDEX asked_texts_by_epoch ON asked_texts (epoch, first);
CREATE INDEX asked_texts_by_region ON asked_texts (region);
CREATE INDEX asked_texts_stale ON asked_texts (stale) WHERE stale <> 0;

CREATE TABLE text_signatures (
    first     INTEGER PRIMARY KEY,
    signature BLOB NOT NULL
) STRICT;

-- What a text is looked up by.
CREATE TABLE text_keys (
    key   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (key, first)
) STRICT, WITHOUT ROWID;

-- Each pair of texts that are alike, both ways.
CREATE TABLE text_edges (
    one   INTEGER NOT NULL,
    other INTEGER NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;

-- The text of each occurrence.
CREATE TABLE question_texts (
    question INTEGER PRIMARY KEY,
    digest   INTEGER NOT NULL,
    -- 1 from the moment the occurrence goes until its text is left.
    gone     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX question_texts_by_digest ON question_texts (digest, question);
CREATE INDEX question_texts_gone ON question_texts (gone) WHERE gone <> 0;

-- By what the texts are weighed: the statistics of the earliest of them.
CREATE TABLE corpus_epoch (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- Counts up with each change of the statistics.
    number     INTEGER NOT NULL,
    -- Digest of the rules.
    rules      TEXT NOT NULL,
    -- How many texts there are, and how many of them up to `last`.
    texts      INTEGER NOT NULL,
    within     INTEGER NOT NULL,
    -- How many of the earliest texts count, and the last of them.
    boundary   INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    -- How many were counted, and sums of the lower and upper halves of their digests.
    sampled    INTEGER NOT NULL,
    lower_sum  INTEGER NOT NULL,
    upper_sum  INTEGER NOT NULL,
    statistics BLOB NOT NULL
) STRICT;
INSERT INTO corpus_epoch VALUES (1, 0, '', 0, 0, 0, 0, 0, 0, 0, x'');

UPDATE occurrences SET dirty = 1;
CREATE INDEX clusters_shrunk ON clusters (shrunk) WHERE shrunk <> 0;
CREATE INDEX clusters_by_state ON clusters (state);
CREATE INDEX duplicate_marks_dirty ON duplicate_marks (dirty) WHERE dirty <> 0;
CREATE INDEX duplicate_marks_by_other ON duplicate_marks (with_question);
CREATE INDEX split_marks_dirty ON split_marks (dirty) WHERE dirty <> 0;
