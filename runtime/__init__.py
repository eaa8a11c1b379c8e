"""How a process of Amends runs: settings, logs, the connection to Temporal, what seals its payloads, measurements.

The composition root: it may import every room below it and holds no rule of the business.
"""
