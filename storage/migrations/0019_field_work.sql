-- Field work on every channel, surveys of closed complaints, and what a bad answer opens.
-- Business times come from the callers, never from now().

-- A contact that people make: when it is to be tried (a callback that was agreed), and who has it in hand until when.
-- `complaint` is what a survey of closed complaints asks about.
ALTER TABLE contact
    ADD COLUMN complaint  text,
    ADD COLUMN try_at     timestamptz,
    ADD COLUMN held_by    text,
    ADD COLUMN held_until timestamptz;
CREATE INDEX contact_by_hand ON contact (wave, channel, number)
    WHERE channel IN ('telephone', 'post', 'in_person') AND completed_at IS NULL AND ended_at IS NULL;

-- By what way the answers came, who entered them for the respondent, and a keyed hash of the device within the wave.
ALTER TABLE response
    ADD COLUMN channel    text,
    ADD COLUMN entered_by text,
    ADD COLUMN device     text;

-- The complaints that a wave has seen closing: those that were drawn are contacts, the others count in its stratum.
CREATE TABLE closed_complaint (
    wave            text        NOT NULL REFERENCES wave,
    reference       text        NOT NULL,
    closed_at       timestamptz NOT NULL,
    handler         text,
    stratum         text        NOT NULL,
    number          integer,
    contact_changed boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (wave, reference)
);
CREATE INDEX closed_complaint_seen ON closed_complaint (wave, closed_at);
-- In which order complaints closed.
CREATE INDEX ledger_closed ON ledger (at, reference) WHERE type = 'complaint.closed';

-- What a bad answer opened: a callback that somebody makes, or a complaint with the answers linked.
CREATE TABLE follow_up (
    wave      text        NOT NULL,
    number    integer     NOT NULL,
    action    text        NOT NULL CHECK (action IN ('callback', 'complaint')),
    question  text        NOT NULL,
    code      integer     NOT NULL,
    opened_at timestamptz NOT NULL,
    complaint text,
    done_at   timestamptz,
    done_by   text,
    outcome   text,
    note      text,
    PRIMARY KEY (wave, number),
    FOREIGN KEY (wave, number) REFERENCES contact
);
CREATE INDEX follow_up_open ON follow_up (opened_at, wave, number) WHERE done_at IS NULL;
CREATE INDEX follow_up_complaint ON follow_up (complaint) WHERE complaint IS NOT NULL;
