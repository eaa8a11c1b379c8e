"""The sections of a report, one a module: which findings it shows, in which order and in which words."""
