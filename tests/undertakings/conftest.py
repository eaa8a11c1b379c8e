"""A house with a worker for the tests of a file, as the API's tests have it."""

from tests.api.conftest import house, logs, module_database_url, post, temporal_client

__all__ = ["house", "logs", "module_database_url", "post", "temporal_client"]
