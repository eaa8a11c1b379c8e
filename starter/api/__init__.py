"""The HTTP API: one router a subject. It holds no rule of its own: desks decide, `domain.access` allows."""
