-- When people joined a server: the earliest date that was seen. Exports do not have it.
CREATE TABLE members (
    guild  INTEGER NOT NULL,
    user   INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);
