-- Surveys: stored definitions, the customers as their frame, waves with their ledger, contacts and answers.
-- Business times come from the callers, never from now().

CREATE TABLE survey (
    id        text        NOT NULL,
    version   integer     NOT NULL,
    document  jsonb       NOT NULL,
    sha256    text        NOT NULL,
    stored_by text        NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (id, version)
);

-- The frame. Who a customer is stands in the vault; here is what samples are drawn by. `account` is a keyed hash of the
-- customer number; `random_number` is the customer's for life.
CREATE TABLE customer (
    subject       text PRIMARY KEY REFERENCES vault.subject,
    account       bytea            NOT NULL UNIQUE,
    random_number double precision NOT NULL CHECK (random_number >= 0 AND random_number < 1),
    district      text             NOT NULL DEFAULT '',
    customer_type text             NOT NULL DEFAULT '',
    attributes    jsonb            NOT NULL DEFAULT '{}',
    language      text             NOT NULL,
    has_email     boolean          NOT NULL,
    has_phone     boolean          NOT NULL,
    is_active     boolean          NOT NULL DEFAULT true,
    opted_out_at  timestamptz,
    added_at      timestamptz      NOT NULL,
    changed_at    timestamptz      NOT NULL
);
-- One index for each way in which a sample may be stratified: the next units by their random number.
CREATE INDEX customer_drawn ON customer (random_number, subject) WHERE is_active;
CREATE INDEX customer_drawn_by_district ON customer (district, random_number, subject) WHERE is_active;
CREATE INDEX customer_drawn_by_type ON customer (customer_type, random_number, subject) WHERE is_active;
CREATE INDEX customer_drawn_by_both ON customer (district, customer_type, random_number, subject) WHERE is_active;

-- How many active customers each cell has, kept by a trigger: drawing a sample does not count the frame.
CREATE TABLE frame_cell (
    district      text   NOT NULL,
    customer_type text   NOT NULL,
    units         bigint NOT NULL,
    PRIMARY KEY (district, customer_type)
);

CREATE FUNCTION count_frame_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO frame_cell AS f (district, customer_type, units)
        SELECT district, customer_type, count(*) FROM added WHERE is_active
         GROUP BY district, customer_type ORDER BY district, customer_type
        ON CONFLICT (district, customer_type) DO UPDATE SET units = f.units + excluded.units;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE frame_cell f SET units = f.units - r.units
          FROM (SELECT district, customer_type, count(*) AS units FROM removed WHERE is_active
                 GROUP BY district, customer_type ORDER BY district, customer_type) r
         WHERE f.district = r.district AND f.customer_type = r.customer_type;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customer_added AFTER INSERT ON customer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_frame_cells();
CREATE TRIGGER customer_changed AFTER UPDATE ON customer
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_frame_cells();
CREATE TRIGGER customer_removed AFTER DELETE ON customer
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_frame_cells();

-- Where the next wave begins to draw in each stratum, so that nobody is asked again before the rest were.
CREATE TABLE draw_start (
    stratified_by text             NOT NULL,
    stratum       text             NOT NULL,
    next_start    double precision NOT NULL,
    PRIMARY KEY (stratified_by, stratum)
);

CREATE SEQUENCE wave_number;

-- The head of each wave's chain and its read model: one row, so that appending locks and updates in one place.
CREATE TABLE wave (
    reference      text PRIMARY KEY,
    epoch          integer     NOT NULL,
    sequence       integer     NOT NULL,
    head_hash      bytea       NOT NULL,
    survey         text        NOT NULL,
    version        integer     NOT NULL,
    status         text        NOT NULL,
    is_open        boolean     NOT NULL,
    needs_operator boolean     NOT NULL,
    closes_at      timestamptz,
    planned_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    state          jsonb       NOT NULL,
    FOREIGN KEY (survey, version) REFERENCES survey (id, version)
) WITH (fillfactor = 70);
CREATE INDEX wave_newest ON wave (planned_at DESC, reference DESC);
CREATE INDEX wave_of_survey ON wave (survey, planned_at DESC, reference DESC);
CREATE INDEX wave_open ON wave (reference) WHERE is_open;

CREATE TABLE wave_ledger (
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
CREATE INDEX wave_ledger_command ON wave_ledger (reference, command_id);
CREATE TRIGGER wave_ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wave_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();

-- Which waves still have to be started at Temporal. The row goes when the workflow has been started.
CREATE TABLE unstarted_wave (
    reference  text PRIMARY KEY,
    not_before timestamptz NOT NULL
);

-- Append entries to a wave, or say why not; answers as `append_to_case` does. One round trip, one commit.
CREATE FUNCTION append_to_wave(
    p_reference text, p_epoch integer, p_expected integer, p_entries text[], p_record jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    head     wave;
    entry    jsonb;
    known    jsonb;
    payload  text;
    position integer := p_expected;
    chain    bytea := ''::bytea;
BEGIN
    SELECT * INTO head FROM wave WHERE reference = p_reference FOR UPDATE;
    IF FOUND THEN
        IF head.epoch <> p_epoch THEN
            RETURN jsonb_build_object('outcome', 'superseded');
        ELSIF head.sequence > p_expected THEN
            RETURN jsonb_build_object('outcome', 'behind', 'tail',
                (SELECT jsonb_agg(l.payload ORDER BY l.sequence) FROM wave_ledger l
                  WHERE l.reference = p_reference AND l.sequence > p_expected));
        ELSIF head.sequence < p_expected THEN
            RETURN jsonb_build_object('outcome', 'diverged');
        END IF;
        SELECT jsonb_object_agg(found.command_id, found.last) INTO known FROM (
            SELECT l.command_id, max(l.sequence) AS last FROM wave_ledger l
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
        INSERT INTO wave_ledger (reference, sequence, epoch, type, at, actor, command_id, payload, hash)
        VALUES (p_reference, position, p_epoch, entry #>> '{fact,type}', (entry ->> 'at')::timestamptz,
                entry ->> 'actor', entry ->> 'command_id', payload, chain);
        INSERT INTO outbox (reference, sequence, type, at)
        VALUES (p_reference, position, entry #>> '{fact,type}', (entry ->> 'at')::timestamptz);
    END LOOP;

    INSERT INTO wave
    SELECT (jsonb_populate_record(NULL::wave, p_record || jsonb_build_object(
        'reference', p_reference, 'epoch', p_epoch, 'sequence', position,
        'head_hash', chain, 'changed_at', entry ->> 'at'))).*
    ON CONFLICT (reference) DO UPDATE SET
        sequence = excluded.sequence, head_hash = excluded.head_hash, status = excluded.status,
        is_open = excluded.is_open, needs_operator = excluded.needs_operator, closes_at = excluded.closes_at,
        changed_at = excluded.changed_at, state = excluded.state;
    RETURN jsonb_build_object('outcome', 'appended');
END $$;

-- What the sample was drawn from and how much of it: the inclusion probabilities.
CREATE TABLE wave_stratum (
    wave     text    NOT NULL REFERENCES wave,
    stratum  text    NOT NULL,
    units    integer NOT NULL,
    taken    integer NOT NULL,
    reserve  integer NOT NULL,
    released integer NOT NULL DEFAULT 0,
    PRIMARY KEY (wave, stratum)
);

-- A unit of a wave's sample. `disposition` follows its events; the counts by disposition are the sample at any moment.
-- `due` is what has still to be written to it: nobody is invited twice, whatever process dies.
CREATE TABLE contact (
    wave         text    NOT NULL REFERENCES wave,
    number       integer NOT NULL,
    customer     text    NOT NULL REFERENCES customer,
    stratum      text    NOT NULL,
    is_reserve   boolean NOT NULL,
    version      integer NOT NULL,
    language     text    NOT NULL,
    attributes   jsonb   NOT NULL DEFAULT '{}',
    channel      text,
    disposition  text    NOT NULL DEFAULT 'UO',
    attempts     integer NOT NULL DEFAULT 0,
    reminded     integer NOT NULL DEFAULT 0,
    not_before   timestamptz,
    invited_at   timestamptz,
    opened_at    timestamptz,
    saved_at     timestamptz,
    completed_at timestamptz,
    ended_at     timestamptz,
    PRIMARY KEY (wave, number),
    UNIQUE (wave, customer)
) WITH (fillfactor = 70);
CREATE INDEX contact_to_invite ON contact (wave, number) WHERE invited_at IS NULL AND ended_at IS NULL AND NOT is_reserve;
CREATE INDEX contact_to_remind ON contact (wave, number)
    WHERE invited_at IS NOT NULL AND completed_at IS NULL AND ended_at IS NULL;

-- What happened to a contact: each change of disposition can be derived again from here.
CREATE TABLE contact_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wave       text        NOT NULL,
    number     integer     NOT NULL,
    kind       text        NOT NULL,
    at         timestamptz NOT NULL,
    attempt    integer     NOT NULL,
    channel    text        NOT NULL,
    core_share real,
    FOREIGN KEY (wave, number) REFERENCES contact
);
CREATE INDEX contact_event_of_contact ON contact_event (wave, number, at);

-- The contact-frequency ledger over all surveys: reserved before the message, confirmed behind it, or released.
CREATE TABLE asking (
    customer text        NOT NULL REFERENCES customer,
    wave     text        NOT NULL REFERENCES wave,
    state    text        NOT NULL CHECK (state IN ('reserved', 'confirmed', 'released')),
    at       timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    PRIMARY KEY (customer, wave)
);
CREATE INDEX asking_in_force ON asking (customer, until) WHERE state <> 'released';

-- Answers, by question; texts are ids of sealed texts. One response a contact.
CREATE TABLE response (
    wave         text        NOT NULL,
    number       integer     NOT NULL,
    language     text        NOT NULL,
    answers      jsonb       NOT NULL DEFAULT '{}',
    page         integer     NOT NULL DEFAULT 0,
    core_share   real        NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL,
    saved_at     timestamptz NOT NULL,
    completed_at timestamptz,
    weight       double precision,
    PRIMARY KEY (wave, number),
    FOREIGN KEY (wave, number) REFERENCES contact
) WITH (fillfactor = 70);

-- Interviews that count towards a quota: kept when complete, held until then, free again after `until`.
CREATE TABLE quota_hold (
    wave      text        NOT NULL REFERENCES wave,
    number    integer     NOT NULL,
    attribute text        NOT NULL,
    category  text        NOT NULL,
    until     timestamptz NOT NULL,
    is_kept   boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (wave, number, attribute)
);
CREATE INDEX quota_hold_of_cell ON quota_hold (wave, attribute, category);

-- The frozen result of a wave and its report.
CREATE TABLE wave_result (
    wave          text PRIMARY KEY REFERENCES wave,
    computed_at   timestamptz NOT NULL,
    inputs_sha256 text        NOT NULL,
    report        jsonb,
    report_sha256 text
);
