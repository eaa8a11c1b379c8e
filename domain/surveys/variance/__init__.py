"""What an estimate is worth: the design it came from, Taylor and replicate variances, intervals."""
