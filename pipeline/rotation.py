"""How a player turns the pictures of a recording."""

import math


def rotation(matrix: tuple[int, ...] | None) -> int | None:
    """Degrees counter-clockwise by which a player turns the picture, as FFmpeg's av_display_rotation_get."""
    if not matrix:
        return None
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    scale = math.hypot(a, c), math.hypot(b, d)
    return round(-math.degrees(math.atan2(b / scale[1], a / scale[0]))) if all(scale) else None
