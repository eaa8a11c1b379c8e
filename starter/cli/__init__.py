"""The command line `amends`. It talks to the API like everybody else; only `parts` reaches deeper."""
