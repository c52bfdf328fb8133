-- What is looked up for one message, channel or reaction, and would otherwise be found by reading all of them.

CREATE INDEX channels_pending ON channels (id) WHERE pending_from IS NOT NULL;
CREATE INDEX channels_purging ON channels (id) WHERE purging <> 0;
CREATE INDEX quarantine_by_message ON quarantine (channel, message);
CREATE INDEX occurrences_by_channel ON occurrences (channel);
CREATE INDEX merged_answer_evidence_by_channel ON merged_answer_evidence (channel);
CREATE INDEX redirects_by_cluster ON redirects (cluster);
CREATE INDEX suggestions_by_channel ON suggestions (channel) WHERE helped = 1;

-- Who holds a role, by its name and by its id.
CREATE TABLE role_holders (
    role TEXT NOT NULL,
    user INTEGER NOT NULL,
    PRIMARY KEY (role, user)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO role_holders (role, user)
    SELECT role.value ->> 'name', users.id FROM users, json_each(users.roles) AS role
    UNION SELECT role.value ->> 'id', users.id FROM users, json_each(users.roles) AS role;

CREATE TRIGGER role_holders_come AFTER INSERT ON users WHEN new.roles <> '[]' BEGIN
    INSERT OR IGNORE INTO role_holders (role, user)
        SELECT value ->> 'name', new.id FROM json_each(new.roles)
        UNION SELECT value ->> 'id', new.id FROM json_each(new.roles);
END;
CREATE TRIGGER role_holders_change AFTER UPDATE OF roles ON users WHEN old.roles <> new.roles BEGIN
    DELETE FROM role_holders WHERE user = new.id AND role IN
        (SELECT value ->> 'name' FROM json_each(old.roles)
         UNION SELECT value ->> 'id' FROM json_each(old.roles));
    INSERT OR IGNORE INTO role_holders (role, user)
        SELECT value ->> 'name', new.id FROM json_each(new.roles)
        UNION SELECT value ->> 'id', new.id FROM json_each(new.roles);
END;
CREATE TRIGGER role_holders_go AFTER DELETE ON users WHEN old.roles <> '[]' BEGIN
    DELETE FROM role_holders WHERE user = old.id AND role IN
        (SELECT value ->> 'name' FROM json_each(old.roles)
         UNION SELECT value ->> 'id' FROM json_each(old.roles));
END;

-- Verdicts are longer than what a row of an index may hold in place: without a rowid, half of the table was
-- overflow pages.
CREATE TABLE exchanges_by_rowid (
    -- The conversation, and the exchange's first message.
    conversation INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    channel      INTEGER NOT NULL,
    status       TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    PRIMARY KEY (conversation, id)
) STRICT;
INSERT INTO exchanges_by_rowid (conversation, id, channel, status, verdict)
    SELECT conversation, id, channel, status, verdict FROM exchanges;
DROP TABLE exchanges;
ALTER TABLE exchanges_by_rowid RENAME TO exchanges;
CREATE INDEX exchanges_by_status ON exchanges (status, id);
