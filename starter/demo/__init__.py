"""The demonstration: sample complaints, simulated people who take them along every path, and a check of what came out.

Everything goes through the HTTP API as real people's clients would; only the check at the end reads the stores.
"""
