"""The clips of a run, sorted out as their turn comes: what is finished, what cannot be done, and what is to be planned.

A few at a time: a million that wait to be planned would take gigabytes, and the first would wait for the last.
"""

from ...pipeline.errors import MediaError, OutputError
from .clip_ends import ClipEnds
from .clip_states import ClipStates
from .past_results import PastResults

AHEAD = 256
"""So many clips wait to be planned, where there are as many."""
AT_ONCE = 500
"""So many clips are looked at in a turn of the driver's loop: in a tenth of a second, in which workers wait."""


def sort_some(states: ClipStates, past: PastResults, ends: ClipEnds) -> None:
    """Sorts out some of the clips that nobody has looked at, where few wait to be planned.

    Raises:
        OutputError: the tables cannot be written.
    """
    for _ in range(AT_ONCE):
        if not states.unsorted or len(states.to_prepare) >= AHEAD:
            return
        clip = states.unsorted.popleft()
        try:
            waiting, found = past.sort(clip)
        except (MediaError, OutputError) as error:
            ends.fail(clip, str(error), error)
            continue
        if found == "open":
            states.to_prepare.append(waiting)
        else:
            ends.leave(waiting, found)
