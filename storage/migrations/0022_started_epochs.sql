-- A note to start something names the epoch to be started. Whoever started a run strikes off the note of that epoch
-- only: between its start and its striking off, Temporal's store may have been lost and all be noted anew.
-- The notes of cases, waves and undertakings are alike.

ALTER TABLE unstarted_case ADD COLUMN epoch integer NOT NULL DEFAULT 1;
UPDATE unstarted_case u SET epoch = c.epoch FROM case_record c WHERE c.reference = u.reference;
ALTER TABLE unstarted_case DROP COLUMN replaces;

ALTER TABLE unstarted_wave
    ADD COLUMN epoch integer NOT NULL DEFAULT 1,
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN tries integer NOT NULL DEFAULT 0;
UPDATE unstarted_wave u SET epoch = w.epoch FROM wave w WHERE w.reference = u.reference;

ALTER TABLE unstarted_undertaking
    ADD COLUMN epoch integer NOT NULL DEFAULT 1,
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN tries integer NOT NULL DEFAULT 0;
UPDATE unstarted_undertaking u SET epoch = t.epoch FROM undertaking t WHERE t.reference = u.reference;
