-- When the newest export of a whole channel was made: a message that is older and was not seen since is
-- no longer there.
CREATE TABLE channel_snapshots (
    channel  INTEGER PRIMARY KEY,
    exported INTEGER NOT NULL
) STRICT;
