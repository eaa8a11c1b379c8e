"""Rules that hold for the whole tree: who imports whom, how long things are, what is packaged and deployed."""
