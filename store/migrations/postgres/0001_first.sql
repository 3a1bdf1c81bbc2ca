-- The whole first schema. Times are microseconds since 1970 UTC, 0 where there is none.
-- JSON is text: nothing here looks into it. Truth is in events; state, verification and
-- the like beside an endorsement are derived from it by one function, for queries only.

CREATE TABLE campaigns (
	id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	slug          TEXT NOT NULL UNIQUE,
	state         TEXT NOT NULL,
	settings      TEXT NOT NULL,
	revision      BIGINT NOT NULL DEFAULT 1, -- settings, state and texts
	list_revision BIGINT NOT NULL DEFAULT 1, -- whatever the public page shows
	next_number   BIGINT NOT NULL DEFAULT 1, -- never goes back (U18)
	created_at    BIGINT NOT NULL
);

CREATE TABLE texts (
	campaign_id BIGINT NOT NULL REFERENCES campaigns,
	n           BIGINT NOT NULL,
	language    TEXT NOT NULL,
	binding     BOOLEAN NOT NULL,
	title       TEXT NOT NULL,
	addressee   TEXT NOT NULL,
	body        TEXT NOT NULL,
	change      TEXT NOT NULL,
	published   BIGINT NOT NULL,
	PRIMARY KEY (campaign_id, n, language)
);

CREATE TABLE organizers (
	id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	address    TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	role       TEXT NOT NULL,
	locale     TEXT NOT NULL,
	digest     BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE organizer_campaigns (
	organizer_id BIGINT NOT NULL REFERENCES organizers,
	campaign_id  BIGINT NOT NULL REFERENCES campaigns,
	PRIMARY KEY (organizer_id, campaign_id)
);

CREATE TABLE campaign_events (
	id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id  BIGINT NOT NULL REFERENCES campaigns,
	at           BIGINT NOT NULL,
	organizer_id BIGINT REFERENCES organizers,
	kind         TEXT NOT NULL,
	revision     BIGINT NOT NULL,
	detail       TEXT NOT NULL
);
CREATE INDEX campaign_events_campaign ON campaign_events (campaign_id, id);

CREATE TABLE organizations (
	id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name        TEXT NOT NULL,
	merged_into BIGINT REFERENCES organizations,
	created_at  BIGINT NOT NULL
);
CREATE INDEX organizations_merged ON organizations (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE organization_keys (
	organization_id BIGINT NOT NULL REFERENCES organizations,
	key             TEXT NOT NULL,
	PRIMARY KEY (key, organization_id)
);
CREATE UNIQUE INDEX organization_keys_name ON organization_keys (key) WHERE key LIKE 'name:%';
CREATE INDEX organization_keys_organization ON organization_keys (organization_id);

CREATE TABLE mails (
	id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	sha256        TEXT NOT NULL UNIQUE,
	size          BIGINT NOT NULL,
	mailbox       TEXT NOT NULL,
	received_at   BIGINT NOT NULL,
	recorded_at   BIGINT NOT NULL,
	partial       BOOLEAN NOT NULL,
	spam          BOOLEAN NOT NULL,
	state         TEXT NOT NULL,
	attempts      BIGINT NOT NULL DEFAULT 0, -- readings begun
	decisions     BIGINT NOT NULL DEFAULT 0, -- decisions begun
	claimed_by    TEXT NOT NULL DEFAULT '',
	claimed_until BIGINT NOT NULL DEFAULT 0,
	reading_id    BIGINT, -- the newest reading
	message_id    TEXT NOT NULL DEFAULT '',
	sender        TEXT NOT NULL DEFAULT '', -- canonical, '' where there is not exactly one
	sender_name   TEXT NOT NULL DEFAULT '',
	subject       TEXT NOT NULL DEFAULT '',
	language      TEXT NOT NULL DEFAULT '',
	intent        TEXT NOT NULL DEFAULT '',
	submission    TEXT NOT NULL DEFAULT '',
	campaign_id   BIGINT REFERENCES campaigns,
	disposition   TEXT NOT NULL DEFAULT '',
	silence       TEXT NOT NULL DEFAULT '',
	decided_at    BIGINT NOT NULL DEFAULT 0,
	problem       TEXT NOT NULL DEFAULT '', -- why it is quarantined
	purged_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX mails_recorded ON mails (id) WHERE state = 'recorded';
CREATE INDEX mails_read ON mails (id) WHERE state = 'read';
CREATE INDEX mails_read_too_often ON mails (id) WHERE state = 'recorded' AND attempts >= 2;
CREATE INDEX mails_decided_too_often ON mails (id) WHERE state = 'read' AND decisions >= 5;
CREATE INDEX mails_quarantined ON mails (id) WHERE state = 'quarantined';
CREATE INDEX mails_silence ON mails (silence) WHERE state = 'decided';
CREATE INDEX mails_submission ON mails (submission) WHERE submission <> '';
CREATE INDEX mails_sender ON mails (sender, id);
CREATE INDEX mails_message_id ON mails (message_id) WHERE message_id <> '';
CREATE INDEX mails_purge ON mails (received_at) WHERE purged_at = 0;

-- apart, so that no list ever touches the bytes
CREATE TABLE mail_bytes (
	mail_id BIGINT PRIMARY KEY REFERENCES mails,
	raw     BYTEA NOT NULL
);
-- lz4 costs less than writing what it saves; pglz costs more
DO $$
BEGIN
	EXECUTE 'ALTER TABLE mail_bytes ALTER COLUMN raw SET COMPRESSION lz4';
EXCEPTION WHEN OTHERS THEN -- built without lz4, or before PostgreSQL 14
	ALTER TABLE mail_bytes ALTER COLUMN raw SET STORAGE EXTERNAL;
END
$$;

CREATE TABLE places (
	mailbox     TEXT NOT NULL,
	folder      TEXT NOT NULL,
	uidvalidity BIGINT NOT NULL,
	uid         BIGINT NOT NULL,
	mail_id     BIGINT NOT NULL REFERENCES mails,
	recorded_at BIGINT NOT NULL,
	settled_at  BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (mailbox, folder, uidvalidity, uid)
);
CREATE INDEX places_mail ON places (mail_id);
CREATE INDEX places_unsettled ON places (mailbox, folder, uidvalidity, uid) WHERE settled_at = 0;

CREATE TABLE readings (
	id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	mail_id   BIGINT NOT NULL REFERENCES mails,
	reader    TEXT NOT NULL,
	at        BIGINT NOT NULL,
	said      TEXT NOT NULL, -- JSON: header, origin, reading, references, codes, similar
	new_text  TEXT NOT NULL -- purged with the bytes
);
CREATE INDEX readings_mail ON readings (mail_id);

CREATE TABLE endorsements (
	id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id     BIGINT NOT NULL REFERENCES campaigns,
	organization_id BIGINT REFERENCES organizations,
	request_mail_id BIGINT REFERENCES mails,
	base            TEXT NOT NULL, -- JSON: as it was made, before its first event
	revision        BIGINT NOT NULL,
	channel         TEXT NOT NULL,
	locale          TEXT NOT NULL,
	confidence      TEXT NOT NULL,
	aligned         BOOLEAN NOT NULL,
	invited         BOOLEAN NOT NULL,
	writer          TEXT NOT NULL, -- JSON
	created_at      BIGINT NOT NULL,
	arrived_at      BIGINT NOT NULL,
	withdrawn_at    BIGINT NOT NULL,
	hidden_at       BIGINT NOT NULL,
	withheld        BOOLEAN NOT NULL,
	group_name      TEXT NOT NULL,
	number          BIGINT, -- given at the first listing
	listed_at       BIGINT NOT NULL,
	duplicate_of    BIGINT REFERENCES endorsements,
	late            BOOLEAN NOT NULL,
	on_hold         TEXT NOT NULL,
	-- derived, for queries
	state           TEXT NOT NULL,
	kind            TEXT NOT NULL,
	name            TEXT NOT NULL,
	country         TEXT NOT NULL,
	contact         TEXT NOT NULL,
	version         BIGINT NOT NULL,
	verification    TEXT NOT NULL,
	review          TEXT NOT NULL,
	review_since    BIGINT NOT NULL, -- confirmed and waits for an organizer since; 0: does not
	listed_version  BIGINT NOT NULL, -- 0: not listed
	listed_kind     TEXT NOT NULL,
	listed_country  TEXT NOT NULL,
	UNIQUE (campaign_id, number)
);
CREATE INDEX endorsements_state ON endorsements (campaign_id, state);
CREATE INDEX endorsements_listed ON endorsements (campaign_id, listed_at, id) WHERE listed_version > 0;
CREATE INDEX endorsements_review ON endorsements (campaign_id, review_since, id) WHERE review_since > 0;
CREATE INDEX endorsements_asked ON endorsements (verification, campaign_id) WHERE withdrawn_at = 0;
CREATE INDEX endorsements_organization ON endorsements (organization_id);
CREATE INDEX endorsements_request ON endorsements (request_mail_id);

-- identity keys of the current and the listed version, and contact:ADDRESS of both
CREATE TABLE endorsement_keys (
	campaign_id    BIGINT NOT NULL REFERENCES campaigns,
	key            TEXT NOT NULL,
	endorsement_id BIGINT NOT NULL REFERENCES endorsements,
	PRIMARY KEY (campaign_id, key, endorsement_id)
);
CREATE INDEX endorsement_keys_endorsement ON endorsement_keys (endorsement_id);

CREATE TABLE terms (
	term           TEXT COLLATE "C" NOT NULL,
	endorsement_id BIGINT NOT NULL REFERENCES endorsements,
	PRIMARY KEY (term, endorsement_id)
);
CREATE INDEX terms_endorsement ON terms (endorsement_id);

CREATE TABLE versions (
	endorsement_id BIGINT NOT NULL REFERENCES endorsements,
	n              BIGINT NOT NULL,
	fields         TEXT NOT NULL, -- JSON
	channel        TEXT NOT NULL,
	mail_id        BIGINT REFERENCES mails,
	created_at     BIGINT NOT NULL,
	text_version   BIGINT NOT NULL,
	text_language  TEXT NOT NULL,
	verification   TEXT NOT NULL,
	verified_at    BIGINT NOT NULL,
	confirmer      TEXT NOT NULL, -- JSON
	review         TEXT NOT NULL,
	reviewed_at    BIGINT NOT NULL,
	reviewed_by    BIGINT REFERENCES organizers,
	reason         TEXT NOT NULL,
	PRIMARY KEY (endorsement_id, n)
);

CREATE TABLE notices (
	id               BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind             TEXT NOT NULL,
	campaign_id      BIGINT REFERENCES campaigns,
	recipient        TEXT NOT NULL, -- canonical
	recipient_domain TEXT NOT NULL, -- organizational
	locale           TEXT NOT NULL,
	dedupe_key       TEXT NOT NULL UNIQUE,
	message_id       TEXT NOT NULL,
	in_reply_to      TEXT NOT NULL,
	refs             TEXT NOT NULL, -- JSON
	subject          TEXT NOT NULL,
	mail_id          BIGINT REFERENCES mails,
	shows            TEXT NOT NULL, -- JSON
	details          TEXT NOT NULL, -- JSON
	priority         BIGINT NOT NULL,
	queued_at        BIGINT NOT NULL,
	due_at           BIGINT NOT NULL,
	expires_at       BIGINT NOT NULL,
	state            TEXT NOT NULL,
	attempts         BIGINT NOT NULL DEFAULT 0,
	lease_until      BIGINT NOT NULL DEFAULT 0,
	last_error       TEXT NOT NULL DEFAULT '',
	sent_at          BIGINT NOT NULL DEFAULT 0,
	code_tries       BIGINT NOT NULL DEFAULT 0,
	sent_text        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX notices_due ON notices (priority, due_at, id) WHERE state = 'due';
CREATE INDEX notices_next ON notices (due_at) WHERE state = 'due';
CREATE INDEX notices_sending ON notices (lease_until) WHERE state = 'sending';
CREATE INDEX notices_recipient ON notices (recipient, queued_at);
CREATE INDEX notices_domain ON notices (recipient_domain, queued_at);
CREATE INDEX notices_message_id ON notices (message_id);
CREATE INDEX notices_sent ON notices (sent_at) WHERE sent_at > 0;
CREATE INDEX notices_mail ON notices (mail_id) WHERE mail_id IS NOT NULL;
CREATE INDEX notices_expiry ON notices (campaign_id, expires_at);

CREATE TABLE notice_shows (
	notice_id      BIGINT NOT NULL REFERENCES notices,
	endorsement_id BIGINT NOT NULL REFERENCES endorsements,
	version        BIGINT NOT NULL,
	PRIMARY KEY (notice_id, endorsement_id)
);
CREATE INDEX notice_shows_endorsement ON notice_shows (endorsement_id, notice_id);

-- the truth; rows are only added
CREATE TABLE events (
	id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	endorsement_id BIGINT NOT NULL REFERENCES endorsements,
	at             BIGINT NOT NULL,
	kind           TEXT NOT NULL,
	version        BIGINT NOT NULL,
	fields         TEXT NOT NULL, -- JSON
	verification   TEXT NOT NULL, -- corrected: where it is not the usual
	who            TEXT NOT NULL, -- JSON
	organizer_id   BIGINT REFERENCES organizers,
	channel        TEXT NOT NULL,
	why            TEXT NOT NULL,
	mail_id        BIGINT REFERENCES mails,
	notice_id      BIGINT REFERENCES notices,
	undoes         BIGINT REFERENCES events,
	number         BIGINT NOT NULL,
	other_id       BIGINT REFERENCES endorsements,
	text_version   BIGINT NOT NULL,
	text_language  TEXT NOT NULL
);
CREATE INDEX events_endorsement ON events (endorsement_id, id);
CREATE INDEX events_mail ON events (mail_id) WHERE mail_id IS NOT NULL;

CREATE TABLE tasks (
	id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind           TEXT NOT NULL,
	campaign_id    BIGINT REFERENCES campaigns,
	mail_id        BIGINT REFERENCES mails,
	endorsement_id BIGINT REFERENCES endorsements,
	notice_id      BIGINT REFERENCES notices,
	urgent         BOOLEAN NOT NULL,
	why            TEXT NOT NULL,
	created_at     BIGINT NOT NULL,
	done_at        BIGINT NOT NULL DEFAULT 0,
	done_by        BIGINT REFERENCES organizers
);
CREATE UNIQUE INDEX tasks_once ON tasks (kind, COALESCE(mail_id, 0), COALESCE(endorsement_id, 0), COALESCE(notice_id, 0)) WHERE done_at = 0;
CREATE INDEX tasks_open ON tasks (campaign_id, kind, created_at) WHERE done_at = 0;
CREATE INDEX tasks_mail ON tasks (mail_id);
CREATE INDEX tasks_endorsement ON tasks (endorsement_id);

CREATE TABLE sign_ins (
	id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	organizer_id BIGINT NOT NULL REFERENCES organizers,
	notice_id    BIGINT NOT NULL REFERENCES notices,
	browser_hash TEXT NOT NULL,
	digits_hash  TEXT NOT NULL,
	tries        BIGINT NOT NULL DEFAULT 0,
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	used_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sign_ins_notice ON sign_ins (notice_id);
CREATE INDEX sign_ins_organizer ON sign_ins (organizer_id, created_at);

CREATE TABLE sessions (
	hash         TEXT PRIMARY KEY, -- of the token, which only the browser has
	organizer_id BIGINT NOT NULL REFERENCES organizers,
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_organizer ON sessions (organizer_id);

CREATE TABLE leases (
	name        TEXT PRIMARY KEY,
	holder      TEXT NOT NULL,
	generation  BIGINT NOT NULL,
	lease_until BIGINT NOT NULL -- by the database's clock
);

CREATE TABLE mailbox_health (
	mailbox       TEXT PRIMARY KEY,
	ok_at         BIGINT NOT NULL,
	problem       TEXT NOT NULL,
	problem_since BIGINT NOT NULL
);

CREATE TABLE invited (
	id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id    BIGINT NOT NULL REFERENCES campaigns,
	name           TEXT NOT NULL,
	addresses      TEXT NOT NULL, -- JSON
	locale         TEXT NOT NULL,
	note           TEXT NOT NULL,
	opted_out_at   BIGINT NOT NULL DEFAULT 0,
	endorsement_id BIGINT REFERENCES endorsements,
	created_at     BIGINT NOT NULL
);
CREATE INDEX invited_campaign ON invited (campaign_id, id);

-- how an invited organization is recognised: name:, domain:, contact:
CREATE TABLE invited_keys (
	campaign_id BIGINT NOT NULL REFERENCES campaigns,
	key         TEXT NOT NULL,
	invited_id  BIGINT NOT NULL REFERENCES invited,
	PRIMARY KEY (campaign_id, key, invited_id)
);
