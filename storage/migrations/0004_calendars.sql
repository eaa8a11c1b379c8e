-- Business calendars as versions that never change: a clock names the version that its due time was computed in.

CREATE TABLE calendar (
    id       text        NOT NULL,
    version  integer     NOT NULL CHECK (version >= 1),
    document jsonb       NOT NULL,  -- without id and version
    made_at  timestamptz NOT NULL,
    made_by  text        NOT NULL,
    reason   text        NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE TRIGGER calendar_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON calendar
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
