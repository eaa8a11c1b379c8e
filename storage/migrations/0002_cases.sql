-- Complaint cases: the ledger with its chains, the read models, the outbox, and what starts a case's workflow.
-- Business times come from the callers, never from now().

CREATE SEQUENCE case_number;

-- The head of each case and its read model: one row, so that appending locks and updates in one place.
CREATE TABLE case_record (
    reference         text PRIMARY KEY,
    epoch             integer     NOT NULL,
    sequence          integer     NOT NULL,
    head_hash         bytea       NOT NULL,
    anchored_sequence integer     NOT NULL DEFAULT 0,
    customer          text        NOT NULL,
    status            text        NOT NULL,
    channel           text        NOT NULL,
    category          text,
    severity          integer     NOT NULL,
    product           text,
    region            text,
    partner           text,
    policy            text        NOT NULL,
    taken_by          text        NOT NULL,
    handler           text,
    team              text,
    received_at       timestamptz NOT NULL,
    next_due          timestamptz,
    is_open           boolean     NOT NULL,
    is_breached       boolean     NOT NULL,
    needs_operator    boolean     NOT NULL,
    changed_at        timestamptz NOT NULL,
    state             jsonb       NOT NULL
) WITH (fillfactor = 70);

-- The three orders of the list.
CREATE INDEX case_record_received ON case_record (received_at DESC, reference DESC);
CREATE INDEX case_record_due ON case_record (next_due, reference) WHERE next_due IS NOT NULL;
CREATE INDEX case_record_severity ON case_record (severity DESC, reference DESC);
-- What narrows it to few cases.
CREATE INDEX case_record_status ON case_record (status, received_at DESC, reference DESC);
CREATE INDEX case_record_handler ON case_record (handler, received_at DESC, reference DESC);
CREATE INDEX case_record_team ON case_record (team, received_at DESC, reference DESC);
CREATE INDEX case_record_taken_by ON case_record (taken_by, received_at DESC, reference DESC);
CREATE INDEX case_record_category ON case_record (category, received_at DESC, reference DESC);
CREATE INDEX case_record_customer ON case_record (customer, received_at DESC, reference DESC);
CREATE INDEX case_record_breached ON case_record (received_at DESC, reference DESC) WHERE is_breached;
CREATE INDEX case_record_needs_operator ON case_record (received_at DESC, reference DESC) WHERE needs_operator;
CREATE INDEX case_record_codes ON case_record USING gin ((ARRAY[category, product, region, partner]));
-- What the next anchor has to sign.
CREATE INDEX case_record_unanchored ON case_record (reference) WHERE anchored_sequence < sequence;

CREATE TABLE ledger (
    reference  text        NOT NULL,
    sequence   integer     NOT NULL,
    epoch      integer     NOT NULL,
    type       text        NOT NULL,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    command_id text        NOT NULL,
    payload    text        NOT NULL,
    hash       bytea       NOT NULL,
    PRIMARY KEY (reference, sequence)
);
CREATE INDEX ledger_command ON ledger (reference, command_id);

CREATE FUNCTION refuse_rewriting_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

-- Signed anchors over the heads of all chains that moved since the last one: a lost tail shows.
CREATE TABLE ledger_anchor (
    number    integer PRIMARY KEY,
    at        timestamptz NOT NULL,
    heads     jsonb       NOT NULL,
    root      bytea       NOT NULL,
    signature bytea       NOT NULL
);
CREATE TRIGGER ledger_anchor_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

CREATE TABLE step (
    reference  text        NOT NULL,
    key        text        NOT NULL,
    kind       text        NOT NULL,
    state      text        NOT NULL,
    way        text,
    error      text,
    rounds     integer     NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (reference, key)
);
CREATE INDEX step_parked ON step (reference, key) WHERE state = 'parked';

CREATE TABLE outbox (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference text        NOT NULL,
    sequence  integer     NOT NULL,
    type      text        NOT NULL,
    at        timestamptz NOT NULL
);

-- Which cases still have to be started at Temporal. The row goes when the workflow has been started.
CREATE TABLE unstarted_case (
    reference text PRIMARY KEY,
    since     timestamptz NOT NULL,
    not_before timestamptz NOT NULL,
    tries     integer     NOT NULL DEFAULT 0
);
CREATE INDEX unstarted_case_order ON unstarted_case (not_before);
CREATE INDEX unstarted_case_age ON unstarted_case (since);

-- The same message from the same source is the same case; the source's own id is kept as a keyed hash only.
CREATE TABLE intake_source (
    source    bytea PRIMARY KEY,
    reference text  NOT NULL
);

-- What was handed to the outside, by effect key.
CREATE TABLE delivery (
    effect_key   text PRIMARY KEY,
    attempts     integer     NOT NULL,
    first_at     timestamptz NOT NULL,
    accepted_at  timestamptz,
    evidence     text
);

-- Append entries to a case, or say why not. One round trip, one commit.
--   p_expected  the sequence that the caller decided on; 0 for a new case
--   p_entries   the entries as canonical JSON texts, in order
--   p_record    the columns of case_record after the entries
--   p_steps     the steps that the entries changed
-- Answers {"outcome": "appended"}
--       | {"outcome": "behind", "tail": [texts]}         the ledger is ahead of the caller
--       | {"outcome": "recorded", "commands": {id: seq}} some commands are in the ledger already
--       | {"outcome": "superseded"}                      the caller's epoch is over
--       | {"outcome": "diverged"}                        the caller is ahead of the ledger
CREATE FUNCTION append_to_case(
    p_reference text, p_epoch integer, p_expected integer,
    p_entries text[], p_record jsonb, p_steps jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    head     case_record;
    entry    jsonb;
    known    jsonb;
    payload  text;
    position integer := p_expected;
    chain    bytea := ''::bytea;
BEGIN
    SELECT * INTO head FROM case_record WHERE reference = p_reference FOR UPDATE;
    IF FOUND THEN
        IF head.epoch <> p_epoch THEN
            RETURN jsonb_build_object('outcome', 'superseded');
        ELSIF head.sequence > p_expected THEN
            RETURN jsonb_build_object('outcome', 'behind', 'tail',
                (SELECT jsonb_agg(l.payload ORDER BY l.sequence) FROM ledger l
                  WHERE l.reference = p_reference AND l.sequence > p_expected));
        ELSIF head.sequence < p_expected THEN
            RETURN jsonb_build_object('outcome', 'diverged');
        END IF;
        SELECT jsonb_object_agg(found.command_id, found.last) INTO known FROM (
            SELECT l.command_id, max(l.sequence) AS last FROM ledger l
             WHERE l.reference = p_reference
               AND l.command_id IN (SELECT e::jsonb ->> 'command_id' FROM unnest(p_entries) e)
             GROUP BY l.command_id) found;
        IF known IS NOT NULL THEN
            RETURN jsonb_build_object('outcome', 'recorded', 'commands', known);
        END IF;
        chain := head.head_hash;
    ELSIF p_expected <> 0 THEN
        RETURN jsonb_build_object('outcome', 'diverged');
    END IF;

    FOREACH payload IN ARRAY p_entries LOOP
        entry := payload::jsonb;
        position := position + 1;
        chain := sha256(chain || convert_to(payload, 'UTF8'));
        INSERT INTO ledger (reference, sequence, epoch, type, at, actor, command_id, payload, hash)
        VALUES (p_reference, position, p_epoch, entry #>> '{fact,type}', (entry ->> 'at')::timestamptz,
                entry ->> 'actor', entry ->> 'command_id', payload, chain);
        INSERT INTO outbox (reference, sequence, type, at)
        VALUES (p_reference, position, entry #>> '{fact,type}', (entry ->> 'at')::timestamptz);
    END LOOP;

    INSERT INTO case_record
    SELECT (jsonb_populate_record(NULL::case_record, p_record || jsonb_build_object(
        'reference', p_reference, 'epoch', p_epoch, 'sequence', position, 'anchored_sequence', 0,
        'head_hash', chain, 'changed_at', entry ->> 'at'))).*
    ON CONFLICT (reference) DO UPDATE SET
        sequence = excluded.sequence, head_hash = excluded.head_hash, status = excluded.status,
        category = excluded.category, severity = excluded.severity, product = excluded.product,
        region = excluded.region, partner = excluded.partner, policy = excluded.policy,
        handler = excluded.handler, team = excluded.team, next_due = excluded.next_due,
        is_open = excluded.is_open, is_breached = excluded.is_breached,
        needs_operator = excluded.needs_operator, changed_at = excluded.changed_at, state = excluded.state;

    INSERT INTO step (reference, key, kind, state, way, error, rounds, changed_at)
    SELECT p_reference, s.key, s.kind, s.state, s.way, s.error, s.rounds, (entry ->> 'at')::timestamptz
      FROM jsonb_to_recordset(p_steps) AS s(key text, kind text, state text, way text, error text, rounds integer)
    ON CONFLICT (reference, key) DO UPDATE SET
        state = excluded.state, error = excluded.error, rounds = excluded.rounds, changed_at = excluded.changed_at;

    RETURN jsonb_build_object('outcome', 'appended');
END $$;
