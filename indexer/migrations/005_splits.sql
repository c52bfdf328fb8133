-- Questions of clusters that people told apart: they stay together only where they are surely the same
-- and their answers agree.
CREATE TABLE splits (
    question INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    touched  INTEGER NOT NULL DEFAULT 1
) STRICT;
