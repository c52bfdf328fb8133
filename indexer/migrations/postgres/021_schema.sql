-- Times are milliseconds since the Unix epoch, ids are snowflakes, lists are JSON. Text is ordered by its bytes, as in
-- SQLite.

-- What statements that are written for SQLite call.

CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE
    AS $$ SELECT strpos($1, $2) $$;
CREATE FUNCTION unixepoch() RETURNS bigint LANGUAGE sql VOLATILE
    AS $$ SELECT CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint) $$;

-- JSON is kept as text, so that it is the same to the byte on both engines. A path such as '$.answers[0].text' is
-- split into its steps.
CREATE FUNCTION json_extract(text, text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT $1::json #>> string_to_array(replace(replace(substr($2, 3), '[', '.'), ']', ''), '.') $$;
CREATE FUNCTION json_member(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1::json ->> $2 $$;
CREATE FUNCTION json_member(text, integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1::json ->> $2 $$;
CREATE OPERATOR ->> (LEFTARG = text, RIGHTARG = text, FUNCTION = json_member);
CREATE OPERATOR ->> (LEFTARG = text, RIGHTARG = integer, FUNCTION = json_member);

-- Lists are bound as arrays; those that are stored, and pairs, are JSON.
CREATE FUNCTION json_each(bigint[]) RETURNS TABLE (value bigint) LANGUAGE sql IMMUTABLE
    AS $$ SELECT one FROM unnest($1) AS one $$;
CREATE FUNCTION json_each(text[]) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE
    AS $$ SELECT one FROM unnest($1) AS one $$;
CREATE FUNCTION json_each(text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE
    AS $$ SELECT one FROM json_array_elements_text($1::json) AS one $$;
CREATE FUNCTION json_each(text, text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE
    AS $$ SELECT one FROM json_array_elements_text(json_extract($1, $2)::json) AS one $$;
CREATE FUNCTION json_array_text(bigint[]) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT '[' || array_to_string($1, ',') || ']' $$;
CREATE FUNCTION json_array_text(text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT to_json($1)::text $$;
CREATE AGGREGATE json_group_array(bigint) (
    SFUNC = array_append, STYPE = bigint[], INITCOND = '{}', FINALFUNC = json_array_text
);
CREATE AGGREGATE json_group_array(text) (
    SFUNC = array_append, STYPE = text[], INITCOND = '{}', FINALFUNC = json_array_text
);

-- SQLite's truth values are numbers.
CREATE FUNCTION is_truth(boolean, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = ($2 <> 0) $$;
CREATE FUNCTION is_not_truth(boolean, integer) RETURNS boolean LANGUAGE sql IMMUTABLE
    AS $$ SELECT $1 <> ($2 <> 0) $$;
CREATE OPERATOR = (LEFTARG = boolean, RIGHTARG = integer, FUNCTION = is_truth);
CREATE OPERATOR <> (LEFTARG = boolean, RIGHTARG = integer, FUNCTION = is_not_truth);

CREATE TABLE settings (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE servers (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    observed BIGINT NOT NULL
);

CREATE TABLE channels (
    id BIGINT PRIMARY KEY,
    guild BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    topic TEXT COLLATE "C",
    parent BIGINT,
    parent_name TEXT COLLATE "C",
    tags TEXT COLLATE "C" NOT NULL,
    observed BIGINT NOT NULL,
    -- The earliest message whose conversation is to be judged again; NULL where all is judged.
    pending_from BIGINT,
    outside BOOLEAN NOT NULL DEFAULT FALSE,
    hidden BOOLEAN NOT NULL DEFAULT FALSE,
    gone BOOLEAN NOT NULL DEFAULT FALSE,
    pending_mark BIGINT NOT NULL DEFAULT 0,
    purging BIGINT NOT NULL DEFAULT 0,
    closed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX channels_by_parent ON channels (parent);
CREATE INDEX channels_pending ON channels (id) WHERE pending_from IS NOT NULL;
CREATE INDEX channels_purging ON channels (id) WHERE purging <> 0;

CREATE TABLE hidden_channels (
    channel BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE channel_progress (
    channel BIGINT PRIMARY KEY,
    guild BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    oldest BIGINT NOT NULL,
    complete BOOLEAN NOT NULL,
    gapped BOOLEAN NOT NULL,
    reconciled BIGINT NOT NULL,
    archived_until BIGINT NOT NULL
);

CREATE TABLE channel_snapshots (
    channel BIGINT PRIMARY KEY,
    exported BIGINT NOT NULL
);

CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    bot BOOLEAN NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    -- The message that showed them so, and when its source was read: the newest wins.
    as_of BIGINT NOT NULL,
    observed BIGINT NOT NULL
);
CREATE INDEX users_by_name ON users (lower(name));

CREATE TABLE role_holders (
    role TEXT COLLATE "C" NOT NULL,
    "user" BIGINT NOT NULL,
    PRIMARY KEY (role, "user")
);

CREATE TABLE members (
    guild BIGINT NOT NULL,
    "user" BIGINT NOT NULL,
    joined BIGINT NOT NULL,
    PRIMARY KEY (guild, "user")
);
CREATE INDEX members_by_user ON members ("user");

CREATE TABLE messages (
    channel BIGINT NOT NULL,
    id BIGINT NOT NULL,
    author BIGINT NOT NULL,
    author_name TEXT COLLATE "C" NOT NULL,
    bot BOOLEAN NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    sent BIGINT NOT NULL,
    -- Edit time (0: never), then read time, then digest decide which version is the newest.
    edited BIGINT NOT NULL,
    observed BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    -- Reply, mentions, reactions, attachments, forward and pin; NULL where there are none.
    extra TEXT COLLATE "C",
    reactions TEXT COLLATE "C",
    reactions_as_of BIGINT NOT NULL DEFAULT -1,
    PRIMARY KEY (channel, id)
);
CREATE INDEX messages_reacted ON messages (channel, id) WHERE reactions IS NOT NULL;
CREATE INDEX messages_by_reply ON messages (channel, CAST(json_extract(extra, '$.reply_to') AS BIGINT))
    WHERE json_extract(extra, '$.reply_to') IS NOT NULL;

CREATE TABLE reaction_changes (
    channel BIGINT NOT NULL,
    message BIGINT NOT NULL,
    emoji TEXT COLLATE "C" NOT NULL,
    "user" BIGINT NOT NULL,
    added BOOLEAN NOT NULL,
    observed BIGINT NOT NULL,
    PRIMARY KEY (channel, message, emoji, "user")
);

CREATE TABLE tombstones (
    channel BIGINT NOT NULL,
    message BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel, message)
);

CREATE TABLE quarantine (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    -- Of the raw text: what is equal is kept once.
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    source TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    raw TEXT COLLATE "C" NOT NULL,
    channel BIGINT,
    message BIGINT,
    seen BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX quarantine_by_message ON quarantine (channel, message);

CREATE TABLE pending (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    channel BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL
);
CREATE INDEX pending_by_channel ON pending (channel, seq);

CREATE TABLE conversations (
    id BIGINT PRIMARY KEY,
    channel BIGINT NOT NULL,
    last BIGINT NOT NULL,
    links TEXT COLLATE "C" NOT NULL
);
CREATE INDEX conversations_by_channel ON conversations (channel, last);
CREATE INDEX conversations_begun ON conversations (channel);

CREATE TABLE exchanges (
    -- The conversation, and the exchange's first message.
    conversation BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    verdict TEXT COLLATE "C" NOT NULL,
    asker BIGINT,
    topics BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, id)
);
CREATE INDEX exchanges_by_status ON exchanges (status, id);
CREATE INDEX exchanges_by_asker ON exchanges (asker, status, id, topics) WHERE asker IS NOT NULL;

CREATE TABLE occurrences (
    question BIGINT PRIMARY KEY,
    conversation BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    -- NULL until the next reclustering.
    cluster TEXT COLLATE "C",
    -- 1 after a change, 2 while a reclustering that includes it runs, 0 afterwards.
    dirty BIGINT NOT NULL DEFAULT 1,
    grade TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    outside_core BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX occurrences_dirty ON occurrences (dirty) WHERE dirty <> 0;
CREATE INDEX occurrences_by_cluster ON occurrences (cluster, question);
CREATE INDEX occurrences_by_conversation ON occurrences (conversation);
CREATE INDEX occurrences_by_channel ON occurrences (channel);

CREATE TABLE clusters (
    id TEXT COLLATE "C" PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    askers BIGINT NOT NULL,
    -- The question that names it.
    representative BIGINT NOT NULL,
    due_since BIGINT,
    -- 1 from the moment it loses an occurrence until the clusters are settled.
    shrunk BIGINT NOT NULL DEFAULT 0,
    times BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX clusters_by_size ON clusters (size);
CREATE INDEX clusters_shrunk ON clusters (shrunk) WHERE shrunk <> 0;
CREATE INDEX clusters_by_state ON clusters (state);

CREATE TABLE redirects (
    old TEXT COLLATE "C" PRIMARY KEY,
    cluster TEXT COLLATE "C" NOT NULL
);
CREATE INDEX redirects_by_cluster ON redirects (cluster);

CREATE TABLE cluster_places (
    cluster TEXT COLLATE "C" PRIMARY KEY,
    channel BIGINT NOT NULL
);

CREATE TABLE index_changes (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    cluster TEXT COLLATE "C" NOT NULL,
    at BIGINT
);

CREATE TABLE asked_texts (
    -- The question that asked it first.
    first BIGINT PRIMARY KEY,
    digest BIGINT NOT NULL,
    -- The epoch in which it was weighed; 0 before.
    epoch BIGINT NOT NULL DEFAULT 0,
    -- The first text of its region when clusters were last made.
    region BIGINT,
    -- 1 until the clusters of its region are made again.
    stale BIGINT NOT NULL DEFAULT 1,
    encoded BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX asked_texts_by_digest ON asked_texts (digest);
CREATE INDEX asked_texts_by_epoch ON asked_texts (epoch, first);
CREATE INDEX asked_texts_by_region ON asked_texts (region);
CREATE INDEX asked_texts_stale ON asked_texts (stale) WHERE stale <> 0;
CREATE INDEX asked_texts_unencoded ON asked_texts (first) WHERE encoded = 0;

CREATE TABLE question_texts (
    question BIGINT PRIMARY KEY,
    digest BIGINT NOT NULL,
    -- 1 from the moment the occurrence goes until its text is left.
    gone BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX question_texts_by_digest ON question_texts (digest, question);
CREATE INDEX question_texts_gone ON question_texts (gone) WHERE gone <> 0;

CREATE TABLE text_signatures (
    first BIGINT PRIMARY KEY,
    signature BYTEA NOT NULL
);

CREATE TABLE text_keys (
    key BIGINT NOT NULL,
    first BIGINT NOT NULL,
    PRIMARY KEY (key, first)
);

CREATE TABLE text_edges (
    one BIGINT NOT NULL,
    other BIGINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (one, other)
);

CREATE TABLE corpus_epoch (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    -- Counts up with each change of the statistics.
    number BIGINT NOT NULL,
    -- Digest of the rules.
    rules TEXT COLLATE "C" NOT NULL,
    -- How many texts there are, and how many of them up to `last`.
    texts BIGINT NOT NULL,
    within BIGINT NOT NULL,
    -- How many of the earliest texts count, and the last of them.
    boundary BIGINT NOT NULL,
    last BIGINT NOT NULL,
    -- How many were counted, and sums of the lower and upper halves of their digests.
    sampled BIGINT NOT NULL,
    lower_sum BIGINT NOT NULL,
    upper_sum BIGINT NOT NULL,
    statistics BYTEA NOT NULL
);

CREATE TABLE sentence_encoder (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    digest TEXT COLLATE "C" NOT NULL
);

CREATE TABLE text_embeddings (
    first BIGINT PRIMARY KEY,
    question BYTEA,
    answer BYTEA
);

CREATE TABLE answer_marks (
    channel BIGINT NOT NULL,
    message BIGINT NOT NULL,
    by_user BIGINT NOT NULL,
    -- NULL once taken back.
    answers BOOLEAN,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel, message, by_user)
);

CREATE TABLE duplicate_marks (
    question BIGINT PRIMARY KEY,
    -- NULL once taken back.
    with_question BIGINT,
    by_user BIGINT NOT NULL,
    at BIGINT NOT NULL,
    dirty BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX duplicate_marks_dirty ON duplicate_marks (dirty) WHERE dirty <> 0;
CREATE INDEX duplicate_marks_by_other ON duplicate_marks (with_question);

CREATE TABLE split_marks (
    question BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    dirty BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX split_marks_dirty ON split_marks (dirty) WHERE dirty <> 0;

CREATE TABLE suggestions (
    question BIGINT PRIMARY KEY,
    channel BIGINT NOT NULL,
    cluster TEXT COLLATE "C" NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    at BIGINT NOT NULL,
    posted BIGINT,
    helped BOOLEAN,
    answered_by BIGINT,
    answered_at BIGINT
);
CREATE INDEX suggestions_by_channel ON suggestions (channel) WHERE helped = 1;

CREATE TABLE asker_notices (
    kind TEXT COLLATE "C" NOT NULL,
    question BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- 1 while the asker says that it is no question.
    declined BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (kind, question)
);
CREATE INDEX asker_notices_by_channel ON asker_notices (channel, at);

CREATE TABLE review_decisions (
    seq BIGINT PRIMARY KEY,
    cluster TEXT COLLATE "C" NOT NULL,
    -- JSON.
    decision TEXT COLLATE "C" NOT NULL,
    -- Who: the id of a token.
    by_token TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    -- When a round of proposals, or the decision itself, took effect; NULL while it waits for a round.
    applied BIGINT,
    -- When it was taken back.
    undone BIGINT,
    -- For words that a reviewer wrote over chat: the messages, as pairs of channel and message. The row goes with any of them.
    sources TEXT COLLATE "C"
);
CREATE INDEX review_decisions_by_cluster ON review_decisions (cluster, seq);
CREATE INDEX review_decisions_waiting ON review_decisions (seq) WHERE (applied IS NULL) = (undone IS NULL);
CREATE INDEX review_decisions_sources ON review_decisions (seq) WHERE sources IS NOT NULL;

CREATE TABLE audit (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    by_user BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    undoes BIGINT
);

CREATE TABLE proposals (
    cluster TEXT COLLATE "C" PRIMARY KEY,
    branch TEXT COLLATE "C" NOT NULL,
    head TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    opened BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL DEFAULT 'answer',
    number BIGINT,
    progress TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    requests TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    note TEXT COLLATE "C"
);

CREATE TABLE proposal_steps (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    cluster TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    begun BIGINT NOT NULL,
    ended BIGINT,
    outcome TEXT COLLATE "C"
);
CREATE INDEX proposal_steps_by_cluster ON proposal_steps (cluster, seq);

CREATE TABLE merged_answers (
    cluster TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT,
    path TEXT COLLATE "C" NOT NULL,
    link TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    -- The answer, as Markdown.
    answer TEXT COLLATE "C" NOT NULL,
    -- Of the whole file, to tell whether people changed it since.
    digest TEXT COLLATE "C" NOT NULL,
    merged BIGINT NOT NULL
);

CREATE TABLE merged_answer_evidence (
    cluster TEXT COLLATE "C" NOT NULL,
    message BIGINT NOT NULL,
    -- Where the message was stored when the answer was kept; 0 where it was not.
    channel BIGINT NOT NULL,
    PRIMARY KEY (cluster, message)
);
CREATE INDEX merged_answer_evidence_by_message ON merged_answer_evidence (message);
CREATE INDEX merged_answer_evidence_by_channel ON merged_answer_evidence (channel);

CREATE TABLE leases (
    name TEXT COLLATE "C" PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE claims (
    key TEXT COLLATE "C" PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX claims_by_age ON claims (at);

CREATE TABLE opt_outs (
    digest TEXT COLLATE "C" PRIMARY KEY,
    by_whom TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE consents (
    subject TEXT COLLATE "C" PRIMARY KEY,
    source TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    withdrawn BIGINT
);

CREATE TABLE erased_quotes (
    digest TEXT COLLATE "C" PRIMARY KEY
);

CREATE TABLE api_tokens (
    -- The beginning of the token, by which people recognise it.
    id TEXT COLLATE "C" PRIMARY KEY,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    workspace TEXT COLLATE "C" NOT NULL,
    -- Separated by spaces.
    scopes TEXT COLLATE "C" NOT NULL,
    per_minute BIGINT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    revoked BIGINT,
    -- To the minute.
    last_used BIGINT
);

CREATE TABLE answer_feedback (
    cluster TEXT COLLATE "C" NOT NULL,
    verdict TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (cluster, verdict)
);

CREATE TABLE search_demand (
    workspace TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    words TEXT COLLATE "C" NOT NULL,
    searches BIGINT NOT NULL,
    -- Searches that found nothing.
    missed BIGINT NOT NULL,
    -- Answers that were opened from its results.
    opened BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (workspace, kind, key)
);
CREATE INDEX search_demand_by_time ON search_demand (last);

INSERT INTO corpus_epoch VALUES (1, 0, '', 0, 0, 0, 0, 0, 0, 0, '');
INSERT INTO sentence_encoder VALUES (1, '');

-- Who holds a role, by its name and by its id, follows the roles of people.
CREATE FUNCTION follow_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM role_holders WHERE "user" = OLD.id AND role IN
            (SELECT value ->> 'name' FROM json_each(OLD.roles)
             UNION SELECT value ->> 'id' FROM json_each(OLD.roles));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO role_holders (role, "user")
            SELECT value ->> 'name', NEW.id FROM json_each(NEW.roles)
            UNION SELECT value ->> 'id', NEW.id FROM json_each(NEW.roles)
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER role_holders_come AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.roles <> '[]') EXECUTE FUNCTION follow_roles();
CREATE TRIGGER role_holders_change AFTER UPDATE OF roles ON users
    FOR EACH ROW WHEN (OLD.roles <> NEW.roles) EXECUTE FUNCTION follow_roles();
CREATE TRIGGER role_holders_go AFTER DELETE ON users
    FOR EACH ROW WHEN (OLD.roles <> '[]') EXECUTE FUNCTION follow_roles();

-- A vector tells much of a text: it goes at once with the words, not only when clusters are made again. Others who
-- asked the same wait to be read again.
CREATE FUNCTION forget_vectors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM text_embeddings WHERE first IN (SELECT asked_texts.first FROM question_texts
        JOIN asked_texts ON asked_texts.digest = question_texts.digest
        WHERE question_texts.question = OLD.question);
    UPDATE asked_texts SET encoded = 0 WHERE encoded <> 0
        AND digest IN (SELECT digest FROM question_texts WHERE question = OLD.question);
    RETURN NULL;
END $$;
CREATE TRIGGER vectors_of_deleted AFTER DELETE ON occurrences FOR EACH ROW EXECUTE FUNCTION forget_vectors();
CREATE TRIGGER vectors_of_edited AFTER UPDATE OF body ON occurrences FOR EACH ROW
    WHEN (json_extract(OLD.body, '$.question.text') IS DISTINCT FROM json_extract(NEW.body, '$.question.text')
        OR json_extract(OLD.body, '$.answers') IS DISTINCT FROM json_extract(NEW.body, '$.answers'))
    EXECUTE FUNCTION forget_vectors();

-- What a text means counts where clusters are made: one whose vector comes or goes is weighed again.
CREATE FUNCTION weigh_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE asked_texts SET epoch = 0 WHERE first = CASE TG_OP WHEN 'DELETE' THEN OLD.first ELSE NEW.first END;
    RETURN NULL;
END $$;
CREATE TRIGGER weigh_read_text AFTER INSERT ON text_embeddings FOR EACH ROW EXECUTE FUNCTION weigh_again();
CREATE TRIGGER weigh_read_again AFTER UPDATE ON text_embeddings FOR EACH ROW EXECUTE FUNCTION weigh_again();
CREATE TRIGGER weigh_forgotten_text AFTER DELETE ON text_embeddings FOR EACH ROW EXECUTE FUNCTION weigh_again();
