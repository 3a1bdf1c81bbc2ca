-- The bytes of mails are kept packed (S2): half as much to write, to log and to back up.
-- Those that were recorded before stay as they are.
ALTER TABLE mail_bytes ADD COLUMN packed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE mail_bytes ALTER COLUMN raw SET STORAGE EXTERNAL;

-- lz4 costs less than writing what it saves; pglz costs more
DO $$
BEGIN
	EXECUTE 'ALTER TABLE readings ALTER COLUMN said SET COMPRESSION lz4';
	EXECUTE 'ALTER TABLE readings ALTER COLUMN new_text SET COMPRESSION lz4';
	EXECUTE 'ALTER TABLE notices ALTER COLUMN details SET COMPRESSION lz4';
	EXECUTE 'ALTER TABLE notices ALTER COLUMN sent_text SET COMPRESSION lz4';
EXCEPTION WHEN OTHERS THEN -- built without lz4, or before PostgreSQL 14
	NULL;
END
$$;
