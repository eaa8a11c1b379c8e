"""Satisfaction surveys as pure rules: definition, sampling, dispositions, weights, indices, quality and comparison.

Arrays and documents in, typed results out. No files, no clock and no randomness but by parameter.
"""
