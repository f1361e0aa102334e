"""Students and teacher, their checkpoints and the weights that ship. Importing this package does not import torch."""

import os

# Torch's CPU threads would else spin while they wait for each other. Here they share the cores with a decoder and an
# encoder, and a spinning thread then keeps the one it waits for from running: 3 to 6 times slower on busy cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
