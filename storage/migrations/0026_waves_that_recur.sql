-- What people write about a wave (reasons, titles of measures) is sealed under a key of the wave's own.
CREATE TABLE wave_subject (
    wave    text PRIMARY KEY REFERENCES wave,
    subject text NOT NULL
);

-- How often a survey has a wave by itself; none where that has ended. The schedules at Temporal follow it.
CREATE TABLE survey_recurrence (
    survey     text PRIMARY KEY,
    recurrence jsonb,
    set_by     text        NOT NULL,
    set_at     timestamptz NOT NULL
);

-- The turns that schedules have had: each plans one wave, however often it is repeated.
CREATE TABLE wave_turn (
    survey text        NOT NULL,
    at     timestamptz NOT NULL,
    wave   text        NOT NULL REFERENCES wave,
    PRIMARY KEY (survey, at)
);
