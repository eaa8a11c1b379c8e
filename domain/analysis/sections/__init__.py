"""The sections of the report of a periodic analysis."""
