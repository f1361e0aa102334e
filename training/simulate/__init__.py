"""Makes the soft call recording of a sharp clip, frame for frame: scaled down, squeezed through a thin line, recorded."""

from .frames import LEVELS as LEVELS
from .frames import RECORDER as RECORDER
from .frames import CallParameters as CallParameters
from .frames import Level as Level
from .frames import draw_parameters as draw_parameters
from .frames import simulate_frames as simulate_frames
from .frames import through_line as through_line
