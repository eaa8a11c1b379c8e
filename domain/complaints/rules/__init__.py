"""What each command may and does, a business noun a module: its guards first, then its acts."""
