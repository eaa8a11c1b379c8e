"""A wave: one run of a survey, from the frame to the signed-off report.

Owns its life as three pure functions (`decide`, `evolve`, what each fact sets off) and the rules of its field work.
Knows no respondent by name: contacts are numbers, frames and answers are rows that travel by reference.
"""
