"""The numbers of a report, computed from the responses by the rules of the survey. Owns no wording and no rounding."""
