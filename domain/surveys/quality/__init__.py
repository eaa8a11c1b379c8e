"""Whether a response was given with care: indices per response, flags by named rules, the index with and without.

A flagged response is kept: people decide what a flag means. Gaming by the measured is the subject of `gaming`.
"""
