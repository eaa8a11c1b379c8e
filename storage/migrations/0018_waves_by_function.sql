-- A wave is appended to with the rights of the owner, as a case is: no process needs to write its ledger itself.
ALTER FUNCTION append_to_wave(text, integer, integer, text[], jsonb) SECURITY DEFINER;
ALTER FUNCTION append_to_wave(text, integer, integer, text[], jsonb) SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION append_to_wave(text, integer, integer, text[], jsonb) FROM PUBLIC;
