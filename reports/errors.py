"""Errors in the making of figures."""

from ..models.errors import VidsharpError


class MetricError(VidsharpError, RuntimeError):
    """A figure cannot be had: its library is not installed, or it does not take these pictures."""
