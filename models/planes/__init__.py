"""A frame's planes: their formats, their colours, as tensors, and as a picture to look at."""
