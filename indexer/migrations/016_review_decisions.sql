-- What reviewers decided about questions on the site. The number of a decision is that of its entry in the audit log.
CREATE TABLE review_decisions (
    seq      INTEGER PRIMARY KEY,
    cluster  TEXT NOT NULL,
    -- JSON.
    decision TEXT NOT NULL,
    -- Who: the id of a token.
    by_token TEXT NOT NULL,
    at       INTEGER NOT NULL,
    -- When a round of proposals, or the decision itself, took effect; NULL while it waits for a round.
    applied  INTEGER,
    -- When it was taken back.
    undone   INTEGER,
    -- For words that a reviewer wrote over chat: the messages, as pairs of channel and message. The row goes with any of them.
    sources  TEXT
) STRICT;
CREATE INDEX review_decisions_by_cluster ON review_decisions (cluster, seq);
CREATE INDEX review_decisions_waiting ON review_decisions (seq) WHERE (applied IS NULL) = (undone IS NULL);
CREATE INDEX review_decisions_sources ON review_decisions (seq) WHERE sources IS NOT NULL;
