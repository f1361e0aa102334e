"""Call simulation, pair data, losses, the trainer and its recipes, and evaluation on unseen clips."""
