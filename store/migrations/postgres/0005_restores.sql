-- When a copy of the database was put back, and when an organizer let mail out again.
CREATE TABLE restores (
	at          BIGINT PRIMARY KEY,
	released_at BIGINT NOT NULL DEFAULT 0
);
