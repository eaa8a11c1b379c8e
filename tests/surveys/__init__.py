"""Waves on real servers: from the frame to the signed-off report."""
