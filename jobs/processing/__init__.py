"""The main job: a run over many clips, each clip from its plan to its finished file, and the run's record."""
