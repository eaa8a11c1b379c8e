"""Regulator-style returns: versioned definitions of what is counted, and filling them in from cases."""
