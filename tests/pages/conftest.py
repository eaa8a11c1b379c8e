"""The pages are served by the same house as the API."""

from tests.api.conftest import api, house, logs, module_database_url, post, temporal_client

__all__ = ["api", "house", "logs", "module_database_url", "post", "temporal_client"]
