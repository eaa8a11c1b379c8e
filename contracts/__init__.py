"""What crosses Temporal: inputs, answers, names. No personal data: identities and texts travel by id."""
