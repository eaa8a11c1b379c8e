"""The HTTP API from outside: the real application over real PostgreSQL, Temporal and mail."""
