"""The way of a chunk's pictures through this machine's memory: decoded, sharpened and encoded there.

`Way` is what `sharpen_chunk` knows of it; that through a GPU's memory is in `gpu_way.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from av.video.frame import VideoFrame

from ..models.sequence.session import Session
from .decode import SOFTWARE, Decoding
from .fit import Fitter
from .overlap import Stopwatch
from .probe import ClipInfo
from .sharpen import plane_arrays, plane_format
from .sharpen_all import sharpen_all

if TYPE_CHECKING:
    import numpy as np

    from ..models.enhance import Enhancer

Owns = Callable[[Any], bool]
"""Whether a picture is the chunk's own."""


class Way(Protocol):
    """Where pictures lie between a decoder and an encoder; they are `Timed`, and else known to the way alone."""

    decoding: Decoding

    def fitted_in(self, pictures: Iterator[Any], owns: Owns) -> Iterator[Any]:
        """Pictures, each of the clip's size and format."""
        ...

    def arrays(self, picture: Any) -> "Sequence[np.ndarray[Any, Any]]":
        """A picture's planes, to look at until it goes on: as `plane_arrays`."""
        ...

    def sharpened(self, pictures: Iterator[Any], clock: Stopwatch, owns: Owns) -> Iterator[Any]:
        """The pictures that are owned, sharpened; `clock` counts the student's time.

        Raises:
            ModelError, DeviceError, GpuLost: as `Enhancer.begin`.
        """
        ...

    def encodable(self, picture: Any) -> VideoFrame:
        """A picture as the encoder takes it."""
        ...

    def check(self, errors: Sequence[str], missing: int) -> None:
        """Is told at the end what the decoder refused, and how many pictures did not come.

        Raises:
            NotOnGpu: another way has to be gone.
        """
        ...

    @property
    def surfaces(self) -> bool:
        """Whether what the encoder gets lies on a GPU."""
        ...

    @property
    def reused_share(self) -> float | None:
        """As of a chunk's record; so is the one below."""
        ...

    @property
    def fitted(self) -> tuple[tuple[int, int, str, int], ...]: ...


class HostWay:
    """This machine's memory."""

    decoding = SOFTWARE
    surfaces = False

    def __init__(self, info: ClipInfo, enhancer: "Enhancer", ahead: int) -> None:
        """Args:
        ahead: how many pictures may be in flight on a GPU.
        """
        self._fitter, self._session, self._fmt = Fitter(info), Session(enhancer, ahead), plane_format(info)

    def fitted_in(self, pictures: Iterator[Any], owns: Owns) -> Iterator[VideoFrame]:
        return self._fitter.all(pictures, owns)

    def arrays(self, picture: VideoFrame) -> "Sequence[np.ndarray[Any, Any]]":
        return plane_arrays(picture)

    def sharpened(self, pictures: Iterator[Any], clock: Stopwatch, owns: Owns) -> Iterator[VideoFrame]:
        return sharpen_all(pictures, self._session, self._fmt, clock, owns)

    def encodable(self, picture: VideoFrame) -> VideoFrame:
        return picture

    def check(self, errors: Sequence[str], missing: int) -> None:
        """Pictures are kept as they come."""

    @property
    def reused_share(self) -> float | None:
        return self._session.share

    @property
    def fitted(self) -> tuple[tuple[int, int, str, int], ...]:
        return self._fitter.fitted
