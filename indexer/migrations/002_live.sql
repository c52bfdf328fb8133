-- What live channels, people's choices and several daemons need.

ALTER TABLE channels ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
-- Grows whenever the channel becomes pending, so that judging clears only what it has seen.
ALTER TABLE channels ADD COLUMN pending_mark INTEGER NOT NULL DEFAULT 0;
-- 1 from the moment words are deleted in it until it is judged again.
ALTER TABLE channels ADD COLUMN purging INTEGER NOT NULL DEFAULT 0;
CREATE INDEX channels_by_parent ON channels (parent);

-- Kept apart from the channels: one may be hidden before its row comes.
CREATE TABLE hidden_channels (
    channel INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL
) STRICT;

-- Message 0 stands for the whole channel.
CREATE TABLE tombstones (
    channel INTEGER NOT NULL,
    message INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (channel, message)
) STRICT, WITHOUT ROWID;

-- The newest whole telling of a message's reactions, and when it was read; -1 before the first.
ALTER TABLE messages ADD COLUMN reactions TEXT;
ALTER TABLE messages ADD COLUMN reactions_as_of INTEGER NOT NULL DEFAULT -1;
-- Digests counted reactions in: the lowest one yields to whatever is read next.
UPDATE messages SET reactions = json_extract(extra, '$.reactions'),
    digest = -9223372036854775808,
    extra = NULLIF(json_remove(extra, '$.reactions'), '{}')
    WHERE json_extract(extra, '$.reactions') IS NOT NULL;
CREATE INDEX messages_reacted ON messages (channel, id) WHERE reactions IS NOT NULL;

-- Single changes since then, also of messages that are not stored yet. User 0 clears an emoji,
-- and user 0 without an emoji clears all.
CREATE TABLE reaction_changes (
    channel  INTEGER NOT NULL,
    message  INTEGER NOT NULL,
    emoji    TEXT NOT NULL,
    user     INTEGER NOT NULL,
    added    INTEGER NOT NULL,
    observed INTEGER NOT NULL,
    PRIMARY KEY (channel, message, emoji, user)
) STRICT, WITHOUT ROWID;

-- How far each channel has been read.
CREATE TABLE readings (
    channel        INTEGER PRIMARY KEY,
    guild          INTEGER NOT NULL,
    newest         INTEGER NOT NULL,
    oldest         INTEGER NOT NULL,
    complete       INTEGER NOT NULL,
    gapped         INTEGER NOT NULL,
    reconciled     INTEGER NOT NULL,
    archived_until INTEGER NOT NULL
) STRICT;

CREATE TABLE quarantine (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Of the raw text: what is equal is kept once.
    digest  TEXT NOT NULL UNIQUE,
    source  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    why     TEXT NOT NULL,
    raw     TEXT NOT NULL,
    channel INTEGER,
    message INTEGER,
    seen    INTEGER NOT NULL,
    tries   INTEGER NOT NULL
) STRICT;

CREATE TABLE marks (
    channel INTEGER NOT NULL,
    message INTEGER NOT NULL,
    by_user INTEGER NOT NULL,
    -- NULL once taken back.
    answers INTEGER,
    at      INTEGER NOT NULL,
    PRIMARY KEY (channel, message, by_user)
) STRICT, WITHOUT ROWID;

CREATE TABLE ties (
    question      INTEGER PRIMARY KEY,
    -- NULL once taken back.
    with_question INTEGER,
    by_user       INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    touched       INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    by_user INTEGER NOT NULL,
    what    TEXT NOT NULL,
    target  TEXT NOT NULL,
    undoes  INTEGER
) STRICT;

CREATE TABLE leases (
    name  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE claims (
    key   TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    at    INTEGER NOT NULL
) STRICT;
CREATE INDEX claims_by_age ON claims (at);

-- Salted hashes of user ids, never the ids.
CREATE TABLE opt_outs (
    digest  TEXT PRIMARY KEY,
    by_whom TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE consents (
    subject   TEXT PRIMARY KEY,
    source    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    withdrawn INTEGER
) STRICT;

CREATE TABLE suggestions (
    question    INTEGER PRIMARY KEY,
    channel     INTEGER NOT NULL,
    cluster     TEXT NOT NULL,
    confidence  REAL NOT NULL,
    at          INTEGER NOT NULL,
    posted      INTEGER,
    helped      INTEGER,
    answered_by INTEGER,
    answered_at INTEGER
) STRICT;

-- Touched: 1 since a change, 2 while the clusters are being settled with it, 0 after.
DROP INDEX occurrences_touched;
CREATE INDEX occurrences_touched ON occurrences (touched) WHERE touched <> 0;
