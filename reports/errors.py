"""What can go wrong while figures are made."""


class MetricError(Exception):
    """A figure cannot be had: its library is not installed, or it does not take these pictures."""
