-- Verdicts, occurrences and links are written shorter, as in SQLite. No release made a store on PostgreSQL before that: one
-- that has rows comes from a version between two releases, which alone can copy it to SQLite.
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM conversations) THEN
        RAISE EXCEPTION 'the rows of this store are of a version that was never released; with that version, copy the store to SQLite, and with this one back';
    END IF;
END $$;

DROP TRIGGER vectors_of_edited ON occurrences;
CREATE TRIGGER vectors_of_edited AFTER UPDATE OF body ON occurrences FOR EACH ROW
    WHEN (json_extract(OLD.body, '$.q[3]') IS DISTINCT FROM json_extract(NEW.body, '$.q[3]')
        OR json_extract(OLD.body, '$.a') IS DISTINCT FROM json_extract(NEW.body, '$.a'))
    EXECUTE FUNCTION forget_vectors();
