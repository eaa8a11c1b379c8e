"""What the organisation undertakes beside single cases: improvements, incidents, analyses, defection studies.

Each is a small life of its own with people's commands, due times and steps that may be parked, recorded fact by fact as
a case is. `undertaking` and `envelope` are what they share; `kinds` brings them together for deciding and recording.
"""
