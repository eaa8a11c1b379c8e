-- A desk's cases of one status or category: few of a million, found without reading the desk's others.
CREATE INDEX case_record_handler_narrowed ON case_record (handler, status, category);
CREATE INDEX case_record_team_narrowed ON case_record (team, status, category);
