"""Where the weights of indicators come from: judgement, dispersion of the answers, or influence on satisfaction.

Every method returns shares that sum to 1 for one group of siblings; the tree's document says which of them it uses.
"""
