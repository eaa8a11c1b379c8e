"""Real processes under a seeded schedule of faults, and a checker that looks at them from outside.

The rig runs `amends up` as users do and hits its processes with signals. The client writes down every answer it got;
the checker compares that with PostgreSQL, the mail sink and Temporal, and never asks a worker.
"""
