-- Renames tables and columns to the terms that the code and the documentation use. No value changes.

ALTER TABLE people RENAME TO users;
ALTER TABLE readings RENAME TO channel_progress;
ALTER TABLE changes RENAME TO index_changes;

ALTER TABLE marks RENAME TO answer_marks;
ALTER TABLE ties RENAME TO duplicate_marks;
ALTER TABLE duplicate_marks RENAME COLUMN touched TO dirty;
ALTER TABLE splits RENAME TO split_marks;
ALTER TABLE split_marks RENAME COLUMN touched TO dirty;

-- 1 after a change, 2 while a reclustering that includes it runs, 0 afterwards.
ALTER TABLE occurrences RENAME COLUMN touched TO dirty;
DROP INDEX occurrences_touched;
CREATE INDEX occurrences_dirty ON occurrences (dirty) WHERE dirty <> 0;

-- The message id of the question that represents the cluster.
ALTER TABLE clusters RENAME COLUMN centre TO representative;

ALTER TABLE canon RENAME TO merged_answers;
ALTER TABLE canon_evidence RENAME TO merged_answer_evidence;
DROP INDEX canon_by_evidence;
CREATE INDEX merged_answer_evidence_by_message ON merged_answer_evidence (message);

-- What was done for the pull request, and what people asked of it, both as JSON.
ALTER TABLE proposals RENAME COLUMN ledger TO progress;
ALTER TABLE proposals RENAME COLUMN wishes TO requests;
ALTER TABLE outbox RENAME TO proposal_steps;
DROP INDEX outbox_by_cluster;
CREATE INDEX proposal_steps_by_cluster ON proposal_steps (cluster, seq);
