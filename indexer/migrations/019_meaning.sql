-- What texts mean, as a sentence encoder sees it. Optional, and computed in the background.

-- The model that the vectors come from; empty without one.
CREATE TABLE sentence_encoder (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    digest   TEXT NOT NULL
) STRICT;
INSERT INTO sentence_encoder VALUES (1, '');

-- 1 once the model read the text.
ALTER TABLE asked_texts ADD COLUMN encoded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX asked_texts_unencoded ON asked_texts (first) WHERE encoded = 0;

-- Numbers of sixteen bits; NULL where there is no text, or the model does not know its script.
CREATE TABLE text_embeddings (
    first    INTEGER PRIMARY KEY,
    question BLOB,
    answer   BLOB
) STRICT;

-- A vector tells much of a text: it goes at once with the words, not only when clusters are made again. Others who
-- asked the same wait to be read again.
CREATE TRIGGER vectors_of_deleted AFTER DELETE ON occurrences BEGIN
    DELETE FROM text_embeddings WHERE first IN (SELECT asked_texts.first FROM question_texts
        JOIN asked_texts ON asked_texts.digest = question_texts.digest
        WHERE question_texts.question = OLD.question);
    UPDATE asked_texts SET encoded = 0 WHERE encoded <> 0
        AND digest IN (SELECT digest FROM question_texts WHERE question = OLD.question);
END;
CREATE TRIGGER vectors_of_edited AFTER UPDATE OF body ON occurrences
WHEN OLD.body ->> '$.question.text' IS NOT NEW.body ->> '$.question.text'
    OR OLD.body -> '$.answers' IS NOT NEW.body -> '$.answers'
BEGIN
    DELETE FROM text_embeddings WHERE first IN (SELECT asked_texts.first FROM question_texts
        JOIN asked_texts ON asked_texts.digest = question_texts.digest
        WHERE question_texts.question = OLD.question);
    UPDATE asked_texts SET encoded = 0 WHERE encoded <> 0
        AND digest IN (SELECT digest FROM question_texts WHERE question = OLD.question);
END;
