"""The fixed, versioned benchmark: unseen calls on which every student, and whatever else sharpens, is measured.

`sources.toml` lists what is measured on; `sources` checks it, `pictures` makes it soft, `measure_source` measures. It
may import what `training` may.
"""
