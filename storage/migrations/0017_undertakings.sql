-- Improvements, incidents, analyses and defection studies: one ledger with a hash chain for each, its read model, and
-- what was computed for them. Business times come from the callers, never from now().

CREATE SEQUENCE undertaking_number;

-- The head of each chain and its read model: one row, so that appending locks and updates in one place.
CREATE TABLE undertaking (
    reference      text PRIMARY KEY,
    kind           text        NOT NULL,
    origin         text UNIQUE,
    epoch          integer     NOT NULL,
    sequence       integer     NOT NULL,
    head_hash      bytea       NOT NULL,
    status         text        NOT NULL,
    partner        text,
    owner          text,
    next_due       timestamptz,
    is_open        boolean     NOT NULL,
    needs_operator boolean     NOT NULL,
    opened_at      timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    state          jsonb       NOT NULL
) WITH (fillfactor = 70);
COMMENT ON COLUMN undertaking.origin IS 'what must be undertaken once: a period of a schedule, a measure of an analysis';
CREATE INDEX undertaking_newest ON undertaking (kind, opened_at DESC, reference DESC);
CREATE INDEX undertaking_status ON undertaking (kind, status, opened_at DESC, reference DESC);
CREATE INDEX undertaking_of_partner ON undertaking (partner, opened_at DESC, reference DESC) WHERE partner IS NOT NULL;
CREATE INDEX undertaking_open ON undertaking (reference) WHERE is_open;

CREATE TABLE undertaking_ledger (
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
CREATE INDEX undertaking_ledger_command ON undertaking_ledger (reference, command_id);
CREATE TRIGGER undertaking_ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON undertaking_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

-- Which of them still have to be started at Temporal. The row goes when the workflow has been started.
CREATE TABLE unstarted_undertaking (
    reference  text PRIMARY KEY,
    not_before timestamptz NOT NULL
);

-- Append entries, or say why not; answers as `append_to_case` does. One round trip, one commit.
CREATE FUNCTION append_to_undertaking(
    p_reference text, p_epoch integer, p_expected integer, p_entries text[], p_record jsonb
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head     undertaking;
    entry    jsonb;
    known    jsonb;
    payload  text;
    position integer := p_expected;
    chain    bytea := ''::bytea;
BEGIN
    SELECT * INTO head FROM undertaking WHERE reference = p_reference FOR UPDATE;
    IF FOUND THEN
        IF head.epoch <> p_epoch THEN
            RETURN jsonb_build_object('outcome', 'superseded');
        ELSIF head.sequence > p_expected THEN
            RETURN jsonb_build_object('outcome', 'behind', 'tail',
                (SELECT jsonb_agg(l.payload ORDER BY l.sequence) FROM undertaking_ledger l
                  WHERE l.reference = p_reference AND l.sequence > p_expected));
        ELSIF head.sequence < p_expected THEN
            RETURN jsonb_build_object('outcome', 'diverged');
        END IF;
        SELECT jsonb_object_agg(found.command_id, found.last) INTO known FROM (
            SELECT l.command_id, max(l.sequence) AS last FROM undertaking_ledger l
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
        INSERT INTO undertaking_ledger (reference, sequence, epoch, type, at, actor, command_id, payload, hash)
        VALUES (p_reference, position, p_epoch, entry #>> '{fact,type}', (entry ->> 'at')::timestamptz,
                entry ->> 'actor', entry ->> 'command_id', payload, chain);
        INSERT INTO outbox (reference, sequence, type, at)
        VALUES (p_reference, position, entry #>> '{fact,type}', (entry ->> 'at')::timestamptz);
    END LOOP;

    INSERT INTO undertaking
    SELECT (jsonb_populate_record(NULL::undertaking, p_record || jsonb_build_object(
        'reference', p_reference, 'epoch', p_epoch, 'sequence', position,
        'head_hash', chain, 'changed_at', entry ->> 'at'))).*
    ON CONFLICT (reference) DO UPDATE SET
        sequence = excluded.sequence, head_hash = excluded.head_hash, status = excluded.status,
        partner = excluded.partner, owner = excluded.owner, next_due = excluded.next_due,
        is_open = excluded.is_open, needs_operator = excluded.needs_operator,
        changed_at = excluded.changed_at, state = excluded.state;
    RETURN jsonb_build_object('outcome', 'appended');
END $$;
REVOKE ALL ON FUNCTION append_to_undertaking(text, integer, integer, text[], jsonb) FROM PUBLIC;

-- What was computed for an analysis or a study: the figures, and the report that is laid out from them.
CREATE TABLE undertaking_result (
    reference     text PRIMARY KEY REFERENCES undertaking,
    computed_at   timestamptz NOT NULL,
    inputs_sha256 text        NOT NULL,
    figures       jsonb       NOT NULL,
    report        jsonb       NOT NULL,
    report_sha256 text        NOT NULL
);

-- Cases of an incident.
CREATE INDEX case_record_incident ON case_record ((state ->> 'incident'), reference)
    WHERE state ->> 'incident' IS NOT NULL;
