"""Faults on demand: which requests they meet, and what they do to an answer."""
