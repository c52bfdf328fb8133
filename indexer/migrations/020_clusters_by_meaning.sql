-- What a text means counts where clusters are made: one whose vector comes or goes is weighed again.
CREATE TRIGGER weigh_read_text AFTER INSERT ON text_embeddings BEGIN
    UPDATE asked_texts SET epoch = 0 WHERE first = NEW.first;
END;
CREATE TRIGGER weigh_read_again AFTER UPDATE ON text_embeddings BEGIN
    UPDATE asked_texts SET epoch = 0 WHERE first = NEW.first;
END;
CREATE TRIGGER weigh_forgotten_text AFTER DELETE ON text_embeddings BEGIN
    UPDATE asked_texts SET epoch = 0 WHERE first = OLD.first;
END;
-- Signatures have another form; texts that were read before are weighed with their vectors.
UPDATE corpus_epoch SET rules = '';
DELETE FROM text_keys;
DELETE FROM text_edges;
DELETE FROM text_signatures;
UPDATE asked_texts SET epoch = 0;
