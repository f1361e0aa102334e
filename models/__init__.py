"""Students and teacher, their checkpoints and the weights that ship. Importing this package does not import torch."""

import os

# Torch's CPU threads would else spin while they wait for each other. Here they share the cores with a decoder and an
# encoder, and a spinning thread then keeps the one it waits for from running: 3 to 6 times slower on busy cores. Not to
# spin at all costs a wake-up at each of a student's many small steps; some microseconds of it bridge these (GNU OpenMP,
# which torch's Linux wheels bring, counts in turns of a loop): 14.9 instead of 11.9 frames per second from end to end.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
