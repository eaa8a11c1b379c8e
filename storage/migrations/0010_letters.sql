-- Letters by several ways: hand-overs that never overlap, messages that came back, what a customer does not want,
-- and the addresses of partners and of teams.

-- An attempt holds a message until then: no second one begins meanwhile.
ALTER TABLE delivery ADD COLUMN held_until timestamptz;
ALTER TABLE delivery ADD COLUMN way text NOT NULL DEFAULT 'email';
ALTER TABLE delivery ADD COLUMN bounced_at timestamptz;
ALTER TABLE delivery ADD COLUMN bounce_code text;
-- A bounce names the message by what the other side called it.
CREATE INDEX delivery_evidence ON delivery (evidence) WHERE evidence IS NOT NULL;

-- Codes and times of day by data subject; nothing here says who that is.
CREATE TABLE contact_limit (
    customer   text PRIMARY KEY,
    limits     jsonb       NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL
);

-- Where partners and teams are written to: `partner.<code>`, `team.<code>`, `staff`.
CREATE TABLE correspondent (
    who        text PRIMARY KEY,
    email      text        NOT NULL,
    language   text        NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL
);

-- What waits for a person: letters to print and post, calls to make.
CREATE INDEX step_waiting ON step (reference, key) WHERE state = 'waiting';
