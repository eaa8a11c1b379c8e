"""How many people of the population each answer stands for: from inclusion probabilities to calibrated weights."""
