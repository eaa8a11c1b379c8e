"""Tests by kind: one folder each. Here are only the services they share."""
