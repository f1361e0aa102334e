"""Training data: pairs of pictures on disk, caches of windows and crops, teachers' answers, and batches of them."""
