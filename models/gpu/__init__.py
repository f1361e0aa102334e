"""Students run on a GPU: pictures in flight, half precision, and memory that may not suffice."""
