-- People are found by the words of a text that is about to be published.
CREATE INDEX users_by_name ON users (lower(name));
