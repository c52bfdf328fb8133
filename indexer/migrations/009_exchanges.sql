-- A conversation may hold several exchanges, a question each, which are judged and counted on their own.

CREATE TABLE exchanges (
    -- The conversation, and the exchange's first message.
    conversation INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    channel      INTEGER NOT NULL,
    status       TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    PRIMARY KEY (conversation, id)
) STRICT, WITHOUT ROWID;
INSERT INTO exchanges (conversation, id, channel, status, verdict)
    SELECT id, id, channel, status, verdict FROM conversations;
CREATE INDEX exchanges_by_status ON exchanges (status, id);

DROP INDEX conversations_by_status;
ALTER TABLE conversations DROP COLUMN status;
ALTER TABLE conversations DROP COLUMN verdict;

-- An occurrence is one question, not one conversation.
CREATE TABLE occurrences_by_question (
    question     INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    channel      INTEGER NOT NULL,
    -- NULL until the next reclustering.
    cluster      TEXT,
    -- 1 after a change, 2 while a reclustering that includes it runs, 0 afterwards.
    dirty        INTEGER NOT NULL DEFAULT 1,
    grade        TEXT NOT NULL,
    body         TEXT NOT NULL
) STRICT;
INSERT OR IGNORE INTO occurrences_by_question
    SELECT question, conversation, channel, cluster, dirty, grade, body FROM occurrences ORDER BY conversation;
DROP TABLE occurrences;
ALTER TABLE occurrences_by_question RENAME TO occurrences;
CREATE INDEX occurrences_dirty ON occurrences (dirty) WHERE dirty <> 0;
CREATE INDEX occurrences_by_cluster ON occurrences (cluster, question);
CREATE INDEX occurrences_by_conversation ON occurrences (conversation);
