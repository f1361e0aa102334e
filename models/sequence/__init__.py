"""Pictures in a row: the session that all go through, windows over time, exact reuse, and how many are in flight."""
