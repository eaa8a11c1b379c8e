-- Who is told of what happens, and each telling.

CREATE TABLE webhook (
    id           text PRIMARY KEY,
    url          text        NOT NULL,
    types        text[]      NOT NULL,
    description  text,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'active',
    disabled_why text
);

-- Secrets are sealed under the payload key of a master key; during a rotation there are several.
CREATE TABLE webhook_secret (
    webhook    text        NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    number     integer     NOT NULL,
    key_id     text        NOT NULL,
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (webhook, number)
);

-- One row an event and endpoint. Of a case the oldest pending row goes first.
CREATE TABLE webhook_delivery (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook      text        NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    reference    text        NOT NULL,
    sequence     integer     NOT NULL,
    type         text        NOT NULL,
    at           timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'pending',
    attempts     integer     NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    leased_until timestamptz,
    answer       integer,
    error        text,
    created_at   timestamptz NOT NULL,
    settled_at   timestamptz
) WITH (fillfactor = 80);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next_at, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook, reference, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_list ON webhook_delivery (webhook, id DESC);
CREATE INDEX webhook_delivery_age ON webhook_delivery (settled_at) WHERE settled_at IS NOT NULL;

-- A window of the ledger is told again; entries come nearly in the order of their times.
CREATE INDEX ledger_at ON ledger USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
