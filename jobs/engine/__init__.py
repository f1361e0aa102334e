"""Engines (Ray, or worker processes without it), a run's actors on any of them, and which chunk goes where."""
