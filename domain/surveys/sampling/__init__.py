"""Who is asked: how many, from which strata, and which units of the frame."""
