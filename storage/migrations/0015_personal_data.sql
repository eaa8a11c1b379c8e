-- What is done with personal data: who read what about whom, erasures, legal holds, and when a closed case is looked
-- at again. Business times come from the callers, never from now().

-- One line an act, in one hash chain a data subject: a global chain would let every read wait for every other.
CREATE TABLE personal_data_log (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject   text        NOT NULL,
    sequence  integer     NOT NULL,
    at        timestamptz NOT NULL,
    by        text        NOT NULL,
    act       text        NOT NULL,
    reference text,
    payload   text        NOT NULL,  -- canonical JSON of all of it; what the hash covers
    hash      bytea       NOT NULL,
    UNIQUE (subject, sequence)
);
CREATE INDEX personal_data_log_subject ON personal_data_log (subject, number DESC);
CREATE INDEX personal_data_log_by ON personal_data_log (by, number DESC);
CREATE INDEX personal_data_log_reference ON personal_data_log (reference, number DESC) WHERE reference IS NOT NULL;
CREATE TRIGGER personal_data_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON personal_data_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

-- Where each chain ends and up to where it is anchored.
CREATE TABLE personal_data_log_head (
    subject           text PRIMARY KEY,
    sequence          integer NOT NULL,
    hash              bytea   NOT NULL,
    anchored_sequence integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX personal_data_log_unanchored ON personal_data_log_head (subject) WHERE anchored_sequence < sequence;

CREATE TABLE personal_data_log_anchor (
    number    integer PRIMARY KEY,
    at        timestamptz NOT NULL,
    heads     jsonb       NOT NULL,
    root      bytea       NOT NULL,
    signature bytea       NOT NULL
);
CREATE TRIGGER personal_data_log_anchor_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON personal_data_log_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

-- Append lines, given as canonical JSON texts in the order of their subjects (so that two writers never wait for each
-- other in a ring). Runs with the rights of its owner: who may call it can append and do nothing else.
CREATE FUNCTION log_personal_data(p_lines text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    line  text;
    said  jsonb;
    head  personal_data_log_head;
BEGIN
    FOREACH line IN ARRAY p_lines LOOP
        said := line::jsonb;
        INSERT INTO personal_data_log_head AS h (subject, sequence, hash)
        VALUES (said ->> 'subject', 0, ''::bytea)
        ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject RETURNING h.* INTO head;
        head.hash := sha256(head.hash || convert_to(line, 'UTF8'));
        INSERT INTO personal_data_log (subject, sequence, at, by, act, reference, payload, hash)
        VALUES (said ->> 'subject', head.sequence + 1, (said ->> 'at')::timestamptz, said ->> 'by', said ->> 'act',
                said ->> 'reference', line, head.hash);
        UPDATE personal_data_log_head SET sequence = head.sequence + 1, hash = head.hash
         WHERE subject = said ->> 'subject';
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION log_personal_data(text[]) FROM PUBLIC;

-- What was erased, when and why: outlives the data, and is exported so that it outlives backups too.
CREATE TABLE erasure (
    subject text        PRIMARY KEY,
    at      timestamptz NOT NULL,
    by      text        NOT NULL,
    ground  text        NOT NULL CHECK (ground IN ('request', 'retention'))
);
CREATE INDEX erasure_at ON erasure (at, subject);
CREATE TRIGGER erasure_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

-- Erasures that were asked for and have to wait: done by the sweep as soon as nothing stands against them.
CREATE TABLE erasure_request (
    subject    text PRIMARY KEY,
    asked_by   text        NOT NULL,
    asked_at   timestamptz NOT NULL,
    not_before timestamptz NOT NULL
);
CREATE INDEX erasure_request_order ON erasure_request (not_before);

-- A case whose data must not go, whatever retention says. The reason is a sealed text.
CREATE TABLE legal_hold (
    reference text PRIMARY KEY REFERENCES case_record (reference),
    subject   text        NOT NULL,
    since     timestamptz NOT NULL,
    set_by    text        NOT NULL,
    reason    text        NOT NULL
);
CREATE INDEX legal_hold_subject ON legal_hold (subject);

-- Closed cases, and when the sweep looks at each again.
CREATE TABLE retention_watch (
    reference text PRIMARY KEY REFERENCES case_record (reference),
    look_at   timestamptz NOT NULL,
    removed   text[]      NOT NULL DEFAULT '{}'
);
CREATE INDEX retention_watch_order ON retention_watch (look_at, reference);

CREATE FUNCTION watch_closed_case() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO retention_watch (reference, look_at) VALUES (NEW.reference, NEW.changed_at)
    ON CONFLICT (reference) DO UPDATE SET look_at = excluded.look_at;
    RETURN NULL;
END $$;
CREATE TRIGGER case_closed_at_once AFTER INSERT ON case_record
    FOR EACH ROW WHEN (NOT NEW.is_open) EXECUTE FUNCTION watch_closed_case();
CREATE TRIGGER case_closed AFTER UPDATE OF is_open ON case_record
    FOR EACH ROW WHEN (OLD.is_open AND NOT NEW.is_open) EXECUTE FUNCTION watch_closed_case();
INSERT INTO retention_watch (reference, look_at) SELECT reference, changed_at FROM case_record WHERE NOT is_open;

-- Which master key sealed from when on: what is older than a rotation was sealed under an older key.
CREATE TABLE vault.master_key (
    key_id       text PRIMARY KEY,
    leading_since timestamptz NOT NULL
);

-- All files of a person.
CREATE INDEX attachment_of_customer ON attachment (customer);
