"""What management reads off the numbers: priorities, value curves, change, competitors, key customers, defection.

Works on scores that others computed (`tree_index`, `path_model`) and on the answers themselves; owns no index.
"""
