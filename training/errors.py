"""Errors in training and measuring, each one plain sentence for people."""

from ..models.errors import VidsharpError


class DataError(VidsharpError, ValueError):
    """Data to train or to measure on that is missing, cannot be read, or does not pair up."""


class RecipeError(VidsharpError, ValueError):
    """A recipe that cannot be read, or asks for what does not exist."""


class LossError(VidsharpError, ValueError):
    """A loss that lacks what it needs."""


class SimulationError(VidsharpError, ValueError):
    """A clip or a level that cannot be simulated."""


class ScreenError(VidsharpError, ValueError):
    """A screen that cannot be drawn: fonts that are missing, a size too small, faces that cannot be read."""
