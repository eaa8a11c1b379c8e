-- What each database role may do is in storage/roles.py and granted behind every migration; here is what makes it narrow:
-- a case is appended to with the rights of the owner, so that no process needs to write the ledger itself.
ALTER FUNCTION append_to_case(text, integer, integer, text[], jsonb, jsonb) SECURITY DEFINER;
ALTER FUNCTION append_to_case(text, integer, integer, text[], jsonb, jsonb) SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION append_to_case(text, integer, integer, text[], jsonb, jsonb) FROM PUBLIC;
