"""The complaint case: its words, its rules and its clocks, as pure functions.

`decide` says what happens, `evolve` what the case is afterwards, `effects` what must be carried out.
Nothing here reads a clock, a store or a network.
"""
