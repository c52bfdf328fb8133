-- What servers are called, so that pages name them. Of two names the one that was seen later holds.
CREATE TABLE servers (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    observed INTEGER NOT NULL
) STRICT;
