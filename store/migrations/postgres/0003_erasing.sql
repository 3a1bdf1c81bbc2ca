-- Since when an endorsement's persons are to be erased; 0: not. For good after seven days.
ALTER TABLE endorsements ADD COLUMN erasing_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX endorsements_erasing ON endorsements (erasing_at) WHERE erasing_at > 0;
