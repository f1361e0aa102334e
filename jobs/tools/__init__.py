"""The other commands' jobs: bench, benchmark, demo, doctor, evaluate, simulate."""
