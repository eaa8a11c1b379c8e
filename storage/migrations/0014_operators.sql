-- What operators look at: parked steps by their cause, and which starts take the place of a run that knows too little.

CREATE INDEX step_parked_cause ON step (kind, error, changed_at) WHERE state = 'parked';

-- A case that begins in a new epoch takes the place of whatever run a restored Temporal store still has.
ALTER TABLE unstarted_case ADD COLUMN replaces boolean NOT NULL DEFAULT false;
