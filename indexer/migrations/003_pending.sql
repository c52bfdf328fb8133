-- Messages that changed, as ranges of ids, until what they touch is judged again. What is to be
-- judged from a message to the channel's end stays in `channels.pending_from`.
CREATE TABLE pending (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_by_channel ON pending (channel, seq);

-- Who replies to a message that comes late, or goes.
CREATE INDEX messages_by_reply ON messages (channel, CAST(json_extract(extra, '$.reply_to') AS INTEGER))
    WHERE json_extract(extra, '$.reply_to') IS NOT NULL;

-- By where they begin: SQLite adds the row's id to every index.
CREATE INDEX conversations_begun ON conversations (channel);
