-- Signed links for people without an account, and the limits that all API processes share.

-- A link is the row's random id with a keyed hash behind it. The key is not in the database, so that no link can be
-- made from a dump. The subject is a number of ours (a case, a question, an invitation), never anything personal.
CREATE TABLE signed_link (
    id         bytea PRIMARY KEY,
    purpose    text        NOT NULL,
    subject    text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX signed_link_subject ON signed_link (purpose, subject) WHERE revoked_at IS NULL;

-- Token buckets, each by the moment at which it is full again. The key is a keyed hash: no address is stored.
-- Unlogged: a crash of the server fills all buckets, which is better than a write to the log for every page.
CREATE UNLOGGED TABLE rate_limit (
    key     bytea PRIMARY KEY,
    full_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX rate_limit_full ON rate_limit (full_at);
