-- Personal data of customers, in one place: sealed under one data key per data subject, which is wrapped by a master
-- key that PostgreSQL never sees. Business times are written by the caller; nothing here defaults to now().
CREATE SCHEMA vault;

-- A data subject. Erasure destroys the data key and leaves this row as a tombstone.
CREATE TABLE vault.subject (
    subject_id  text        PRIMARY KEY CHECK (subject_id ~ '^cus_[0-9a-f]{32}$'),
    created_at  timestamptz NOT NULL,
    key_id      text,
    wrapped_key bytea       CHECK (length(wrapped_key) = 60),  -- nonce 12, key 32, tag 16
    erased_at   timestamptz,
    CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL)),
    CHECK ((wrapped_key IS NULL) = (key_id IS NULL))
);

-- Which subjects a rotation of the master key still has to wrap again.
CREATE INDEX subject_by_key ON vault.subject (key_id, subject_id);

-- The identity of a subject, sealed whole; every change is a new version, made once per effect key.
CREATE TABLE vault.identity (
    subject_id  text        NOT NULL REFERENCES vault.subject,
    version     integer     NOT NULL CHECK (version > 0),
    effect_key  text        CHECK (length(effect_key) <= 200),
    sealed      bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (subject_id, version),
    UNIQUE (subject_id, effect_key)
);

-- A free text about or by a subject: a narrative, a note, a letter, a reason.
CREATE TABLE vault.sealed_text (
    item_id    text        PRIMARY KEY CHECK (item_id ~ '^txt_[0-9a-f]{32}$'),
    subject_id text        NOT NULL REFERENCES vault.subject,
    kind       text        NOT NULL CHECK (kind ~ '^[a-z][a-z_]{0,31}$'),
    sealed     bytea       NOT NULL,
    sealed_at  timestamptz NOT NULL
);

CREATE INDEX sealed_text_by_subject ON vault.sealed_text (subject_id);

-- Look-up by phone, e-mail or account without storing any of them: a keyed hash of the normalised value.
CREATE TABLE vault.blind_index (
    field      text  NOT NULL CHECK (field IN ('phone', 'email', 'account')),
    digest     bytea NOT NULL CHECK (length(digest) = 32),
    subject_id text  NOT NULL REFERENCES vault.subject,
    PRIMARY KEY (field, digest, subject_id)
);

CREATE INDEX blind_index_by_subject ON vault.blind_index (subject_id);

-- The fingerprint of the standing secret in use, so that a start with another ring of master keys is refused.
CREATE TABLE vault.standing_secret (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    fingerprint bytea   NOT NULL CHECK (length(fingerprint) = 32)
);
