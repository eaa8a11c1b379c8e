"""What must not be possible, tried from outside against the real application."""
