-- Staff, their tokens, and the answers kept for repeated requests.

CREATE TABLE person (
    id           text PRIMARY KEY,
    name         text        NOT NULL,
    roles        text[]      NOT NULL,
    team         text,
    languages    text[]      NOT NULL DEFAULT '{}',
    is_active    boolean     NOT NULL DEFAULT true,
    absent_until timestamptz,
    created_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX person_name ON person (name);

-- A token is stored as the SHA-256 of its 256-bit secret: it is random, so a slow hash would add nothing.
CREATE TABLE token (
    hash       bytea PRIMARY KEY,
    person     text        NOT NULL REFERENCES person (id),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE idempotency (
    key        bytea PRIMARY KEY,
    body       bytea       NOT NULL,
    started_at timestamptz NOT NULL,
    status     integer,
    answer     text,
    headers    jsonb
);
CREATE INDEX idempotency_age ON idempotency (started_at);
