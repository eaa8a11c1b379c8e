"""Storage on real PostgreSQL."""
