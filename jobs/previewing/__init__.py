"""A look at a few seconds with several settings, before a run: pictures, and what the run would take."""
