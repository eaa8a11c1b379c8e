-- Signing in to the console: what each person signs in with, and who is signed in now.

-- A person of the registry who may sign in. Without a password, only by the organisation's identity provider.
CREATE TABLE account (
    person        text PRIMARY KEY REFERENCES person (id),
    password_hash text,
    failures      integer     NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    language      text        CHECK (language IN ('zh', 'en')),
    changed_at    timestamptz NOT NULL
);

-- By the hash of what the browser holds: nobody signs in with a dump of the database.
CREATE TABLE session (
    hash     bytea PRIMARY KEY,
    person   text        NOT NULL REFERENCES person (id),
    begun_at timestamptz NOT NULL,
    seen_at  timestamptz NOT NULL,
    ends_at  timestamptz NOT NULL
);
CREATE INDEX session_of_person ON session (person);
CREATE INDEX session_by_end ON session (ends_at);
