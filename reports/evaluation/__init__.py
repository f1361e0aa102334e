"""The tables, plots and pages of an evaluation and of the benchmark."""
