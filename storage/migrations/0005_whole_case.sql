-- What the whole case needs beside its ledger: limits of people, files, batches of commands.

ALTER TABLE person ADD COLUMN redress_limit numeric(12, 2) NOT NULL DEFAULT 0;

-- A file of a case. Its bytes are sealed in the file store under the same id; name and type are sealed with them.
CREATE TABLE attachment (
    id        text PRIMARY KEY,
    reference text        NOT NULL REFERENCES case_record (reference),
    customer  text        NOT NULL,
    size      integer     NOT NULL,
    sha256    bytea       NOT NULL,
    added_by  text        NOT NULL,
    added_at  timestamptz NOT NULL
);
CREATE INDEX attachment_of_case ON attachment (reference, added_at);

-- One command for many cases: a durable batch with an outcome an item.
CREATE TABLE batch (
    id         text PRIMARY KEY,
    command    text        NOT NULL,
    asked_by   text        NOT NULL,
    asked_at   timestamptz NOT NULL,
    per_second numeric(6, 2) NOT NULL
);
CREATE TABLE batch_item (
    batch      text    NOT NULL REFERENCES batch (id),
    position   integer NOT NULL,
    reference  text    NOT NULL,
    submission jsonb   NOT NULL,
    outcome    text,
    code       text,
    detail     text,
    PRIMARY KEY (batch, position)
);
CREATE INDEX batch_item_waiting ON batch_item (batch, position) WHERE outcome IS NULL;
