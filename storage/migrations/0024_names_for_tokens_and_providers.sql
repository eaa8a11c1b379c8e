-- What a token is for, so that the right one is taken away; and who somebody is at an identity provider.

ALTER TABLE token ADD COLUMN label text NOT NULL DEFAULT '';
CREATE INDEX token_of_person ON token (person, created_at DESC);

-- By the provider's own name for a person (OpenID Connect Core, 2: iss and sub), which is never given to another one.
CREATE TABLE provider_identity (
    issuer    text        NOT NULL,
    subject   text        NOT NULL,
    person    text        NOT NULL REFERENCES person (id),
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX provider_identity_of_person ON provider_identity (person);
