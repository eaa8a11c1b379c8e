"""The engines and programs of one machine, with real processes that are really killed."""
