-- Salted hashes of lines that erased people wrote, so that a quote of one is left out of what others wrote,
-- whenever that is read.
CREATE TABLE erased_quotes (
    digest TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
