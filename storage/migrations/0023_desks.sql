-- What supervisors look at all day: the open cases by team and person, what waits for a decision, searches they keep.

-- The open cases in as few pages as it takes to count them.
CREATE INDEX case_record_open ON case_record (team, handler, next_due, is_breached, needs_operator) WHERE is_open;
-- How many ended on which day. The text orders like the time: every one is written in UTC.
CREATE INDEX case_record_ended ON case_record ((state ->> 'ended_at')) WHERE NOT is_open;
-- What waits for a supervisor.
CREATE INDEX case_record_escalated ON case_record (received_at, reference)
    WHERE state @> '{"escalation_is_open": true}';
CREATE INDEX case_record_extension_asked ON case_record (received_at, reference)
    WHERE state @> '{"extension": {"is_approved": false}}';
CREATE INDEX case_record_redress_asked ON case_record (received_at, reference)
    WHERE state @> '{"redress": [{"state": "requested"}]}';

-- A search under a name. It holds codes and days only, nothing that a customer is known by.
CREATE TABLE saved_view (
    id         text PRIMARY KEY,
    person     text        NOT NULL REFERENCES person (id),
    name       text        NOT NULL,
    query      text        NOT NULL,
    is_shared  boolean     NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (person, name)
);
