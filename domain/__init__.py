"""The rules of complaint handling and satisfaction measurement: no I/O, no clock, no randomness but by parameter."""
