-- The bytes of mails are kept packed (S2): half as much to write, to log and to back up.
-- Those that were recorded before stay as they are.
ALTER TABLE mail_bytes ADD COLUMN packed BOOLEAN NOT NULL DEFAULT FALSE;
