"""A run's report: its tables, its page, and its table in text."""
