-- What people write about a wave (reasons, titles of measures) is sealed under a key of the wave's own.
CREATE TABLE wave_subject (
    wave    text PRIMARY KEY REFERENCES wave,
    subject text NOT NULL
);
