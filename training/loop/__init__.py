"""The training loop: steps, validation, logs, checkpoints."""
