-- Times are milliseconds since the Unix epoch, ids are snowflakes, lists are JSON.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE channels (
    id           INTEGER PRIMARY KEY,
    guild        INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    topic        TEXT,
    parent       INTEGER,
    parent_name  TEXT,
    tags         TEXT NOT NULL,
    observed     INTEGER NOT NULL,
    -- The earliest message whose conversation is to be judged again; NULL where all is judged.
    pending_from INTEGER
) STRICT;

CREATE TABLE people (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    bot      INTEGER NOT NULL,
    roles    TEXT NOT NULL,
    -- The message that showed them so, and when its source was read: the newest wins.
    as_of    INTEGER NOT NULL,
    observed INTEGER NOT NULL
) STRICT;

CREATE TABLE messages (
    channel     INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    author      INTEGER NOT NULL,
    author_name TEXT NOT NULL,
    bot         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    sent        INTEGER NOT NULL,
    -- Edit time (0: never), then read time, then digest decide which version is the newest.
    edited      INTEGER NOT NULL,
    observed    INTEGER NOT NULL,
    digest      INTEGER NOT NULL,
    text        TEXT NOT NULL,
    -- Reply, mentions, reactions, attachments, forward and pin; NULL where there are none.
    extra       TEXT,
    PRIMARY KEY (channel, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    id      INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    links   TEXT NOT NULL,
    status  TEXT NOT NULL,
    verdict TEXT NOT NULL
) STRICT;
CREATE INDEX conversations_by_channel ON conversations (channel, last);
CREATE INDEX conversations_by_status ON conversations (status);

CREATE TABLE occurrences (
    conversation INTEGER PRIMARY KEY,
    channel      INTEGER NOT NULL,
    question     INTEGER NOT NULL,
    -- NULL until the clusters are settled.
    cluster      TEXT,
    -- 1 from the moment its words or signals change until the clusters are settled.
    touched      INTEGER NOT NULL DEFAULT 1,
    grade        TEXT NOT NULL,
    body         TEXT NOT NULL
) STRICT;
CREATE INDEX occurrences_touched ON occurrences (touched) WHERE touched = 1;
CREATE INDEX occurrences_by_cluster ON occurrences (cluster, question);

CREATE TABLE clusters (
    id        TEXT PRIMARY KEY,
    state     TEXT NOT NULL,
    size      INTEGER NOT NULL,
    askers    INTEGER NOT NULL,
    -- The question that names it.
    centre    INTEGER NOT NULL,
    due_since INTEGER,
    -- 1 from the moment it loses an occurrence until the clusters are settled.
    shrunk    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX clusters_by_size ON clusters (size);

CREATE TABLE redirects (
    old     TEXT PRIMARY KEY,
    cluster TEXT NOT NULL
) STRICT;

-- What the index has to catch up with, in order; an id is never used twice.
CREATE TABLE changes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL
) STRICT;

CREATE TABLE proposals (
    cluster TEXT PRIMARY KEY,
    branch  TEXT NOT NULL,
    head    TEXT NOT NULL,
    digest  TEXT NOT NULL,
    title   TEXT NOT NULL,
    path    TEXT NOT NULL,
    state   TEXT NOT NULL,
    opened  INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
