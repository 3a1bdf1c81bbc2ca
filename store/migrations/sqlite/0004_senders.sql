-- Which process took a notice to send: what a dead one held is free at once.
ALTER TABLE notices ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
