"""Pictures in a row: exact reuse of what did not change, and how many are in flight."""
