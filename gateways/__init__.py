"""The outside world: each file speaks one protocol and knows nothing of cases."""
