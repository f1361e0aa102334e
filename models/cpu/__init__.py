"""Students run by torch on a CPU: whole frames, tiles and windows, and chroma beside luma."""
