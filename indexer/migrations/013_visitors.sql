-- What visitors of the site may do, say and miss.

-- A token is 192 random bits: its plain SHA-256 cannot be turned back by guessing.
CREATE TABLE api_tokens (
    -- The beginning of the token, by which people recognise it.
    id         TEXT PRIMARY KEY,
    digest     TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    workspace  TEXT NOT NULL,
    -- Separated by spaces.
    scopes     TEXT NOT NULL,
    per_minute INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER,
    revoked    INTEGER,
    -- To the minute.
    last_used  INTEGER
) STRICT;

-- Counts, without whoever said so.
CREATE TABLE answer_feedback (
    cluster TEXT NOT NULL,
    verdict TEXT NOT NULL,
    count   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    PRIMARY KEY (cluster, verdict)
) STRICT, WITHOUT ROWID;

-- What was searched for, normalised and short, or the fingerprint of an error.
CREATE TABLE search_demand (
    workspace TEXT NOT NULL,
    kind      TEXT NOT NULL,
    key       TEXT NOT NULL,
    words     TEXT NOT NULL,
    searches  INTEGER NOT NULL,
    -- Searches that found nothing.
    missed    INTEGER NOT NULL,
    -- Answers that were opened from its results.
    opened    INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    PRIMARY KEY (workspace, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_demand_by_time ON search_demand (last);

-- When a change was entered, in milliseconds; NULL before this version.
ALTER TABLE index_changes ADD COLUMN at INTEGER;

-- A channel of each cluster that there ever was, so that its end is told only to those who could see it.
CREATE TABLE cluster_places (
    cluster TEXT PRIMARY KEY,
    channel INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO cluster_places (cluster, channel)
    SELECT cluster, MIN(channel) FROM occurrences WHERE cluster IS NOT NULL GROUP BY cluster;
