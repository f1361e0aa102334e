"""The estimate of what a run will take."""
