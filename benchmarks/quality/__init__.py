"""Benchmarks and studies of what students make of pictures."""
