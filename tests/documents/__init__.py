"""Documents, read back from their bytes."""
