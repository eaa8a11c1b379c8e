-- Taking over the records of other systems: a file as chunks of sealed rows until each has been taken over.

CREATE TABLE import_batch (
    id          text PRIMARY KEY,
    mapping     text        NOT NULL,
    plan        jsonb       NOT NULL,  -- the mapping made fit for the file
    file_sha256 bytea       NOT NULL,
    asked_by    text        NOT NULL,
    asked_at    timestamptz NOT NULL,
    report      jsonb       NOT NULL,  -- what was found before; it quotes no cell but codes
    is_ready    boolean     NOT NULL DEFAULT false,  -- every chunk is there
    rows        integer     NOT NULL DEFAULT 0,
    imported    integer     NOT NULL DEFAULT 0,
    known       integer     NOT NULL DEFAULT 0,
    left_out    integer     NOT NULL DEFAULT 0,
    finished_at timestamptz
);
CREATE INDEX import_batch_age ON import_batch (asked_at DESC, id DESC);
CREATE INDEX import_batch_unfinished ON import_batch (id) WHERE finished_at IS NULL;

-- Rows that wait, sealed whole: they may say anything about anybody. Taken over, they go.
CREATE TABLE import_chunk (
    batch     text    NOT NULL REFERENCES import_batch (id) ON DELETE CASCADE,
    number    integer NOT NULL,
    key_id    text    NOT NULL,
    sealed    bytea   NOT NULL,
    PRIMARY KEY (batch, number)
);

-- What became of each row: imported, known (taken over before) or left_out.
CREATE TABLE import_row (
    batch     text    NOT NULL REFERENCES import_batch (id) ON DELETE CASCADE,
    row       integer NOT NULL,
    outcome   text    NOT NULL,
    reference text,
    PRIMARY KEY (batch, row)
);
