"""Makes the soft call recording of a sharp clip, frame for frame: scaled down, squeezed through a thin line, recorded.

light: 2× down and up, nothing else (the report's `simulate_vc`). medium: 1.5–2× down, a real-time encoder at about
0.10 bit of H.264 per pixel of the small picture, up. heavy: 2–3× down, about 0.04 bit. compressed: no scaling, about
0.05 bit. switching: the size changes in mid-call, as with simulcast. All but light are then recorded at full size. What
else may happen on the way, and in what ranges: `docs/simulation.md`. Pictures stay in YUV throughout.
"""

from .call import SimulatedCall as SimulatedCall
from .call import simulate_call as simulate_call
from .call import simulate_frames as simulate_frames
from .draw import draw_parameters as draw_parameters
from .parameters import LEVELS as LEVELS
from .parameters import LINES as LINES
from .parameters import Level as Level
from .parameters import LineParameters as LineParameters
from .parameters import Lines as Lines
from .parameters import PictureFacts as PictureFacts
