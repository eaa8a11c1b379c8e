"""Satisfaction as constructs that drive each other: PLS path modelling on the weighted covariance of the items.

The model document, its estimation, what is read off it (effects, reliability, indices) and the bootstrap.
Does not own the indicator tree (`tree_index`) nor the drawing of replicate weights (`variance`).
"""
