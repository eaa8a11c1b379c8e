"""The same house and API as in the tests of the API, one for a file."""

from tests.api.conftest import api, house, logs, module_database_url, post, temporal_client

__all__ = ["api", "house", "logs", "module_database_url", "post", "temporal_client"]
