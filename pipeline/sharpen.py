"""The student at work on pictures: a frame's planes go in, sharpened planes are written back in place.

Writing in place keeps all else a frame carries (chroma of a luma student, side data, colour tags) as it was decoded.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from av.video.format import VideoFormat
from av.video.frame import PictureType, VideoFrame

from ..models.planes.plane_format import PlaneFormat
from .errors import MediaError
from .probe import ClipInfo

if TYPE_CHECKING:  # imported where pixels are touched: the driver of a run touches none, and it takes long
    import numpy as np

_MATRIX = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt601", 9: "bt2020", 10: "bt2020"}
"""ITU-T H.273 table 4 (MatrixCoefficients) to the matrices that the RGB students know."""


def check_pixel_format(info: ClipInfo) -> None:
    """Raises MediaError where the pictures are not stored as planes of luma and chroma."""
    if not is_planar_yuv(VideoFormat(info.pix_fmt)):
        raise MediaError(
            f"{info.path}: its pictures are stored as {info.pix_fmt}, and only planar YUV and grey can be sharpened; "
            "convert it first, e.g. ffmpeg -i IN -c:v libx264 -pix_fmt yuv444p -c:a copy OUT",
            info.path,
        )


def is_planar_yuv(fmt: VideoFormat) -> bool:
    """Whether luma is a plane of its own, 8 bits in a byte or 9 to 16 in two."""
    luma = fmt.components[0]
    grey = len(fmt.components) == 1
    return (
        luma.is_luma
        and not fmt.is_rgb
        and not fmt.has_palette
        and not fmt.is_bit_stream
        and (grey or fmt.is_planar)
        and not fmt.name.startswith(("nv", "p0", "p2", "p4"))
        and not fmt.is_big_endian
        and 8 <= luma.bits <= 16
    )


def has_chroma(info: ClipInfo) -> bool:
    """Whether the pictures have planes of chroma, and are not grey."""
    return len(VideoFormat(info.pix_fmt).components) > 2  # PyAV says of 4:4:4 that no component is chroma


def plane_format(info: ClipInfo) -> PlaneFormat:
    """How the numbers in a recording's planes are to be read. Untagged pictures: BT.709 from 720 lines up, else 601."""
    return PlaneFormat(
        bit_depth=VideoFormat(info.pix_fmt).components[0].bits,
        full_range=info.colour.range == 2 or info.pix_fmt.startswith("yuvj"),
        matrix=_MATRIX.get(info.colour.matrix, "bt709" if info.height >= 720 else "bt601"),
        chroma_left=info.chroma_location in ("left", "topleft"),
    )


def plane_arrays(frame: VideoFrame) -> "list[np.ndarray[Any, Any]]":
    """Views of the luma and chroma planes: shape (height, width), uint8 or uint16; an alpha plane is left out."""
    import numpy as np

    arrays = []
    dtype = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
    for plane in frame.planes[:3]:
        rows = np.frombuffer(memoryview(plane), dtype).reshape(
            plane.height, plane.line_size // np.dtype(dtype).itemsize
        )
        arrays.append(rows[:, : plane.width])
    return arrays


def pictures_of(frame: VideoFrame, strength: float) -> "dict[int, list[np.ndarray[Any, Any]]]":
    """The pictures that a frame consists of, ready to be written on: by their sequence, views of their planes.

    Sequence 0 are whole frames, 1 and 2 the fields of interlaced ones. At strength 0, there is nothing to sharpen.
    """
    # The source's choice of I, P and B pictures would bind the encoder.
    frame.pict_type = PictureType.NONE
    if strength == 0:
        return {}
    frame.make_writable()
    return pictures_to_see(frame)


def pictures_to_see(frame: VideoFrame) -> "dict[int, list[np.ndarray[Any, Any]]]":
    """The pictures that a frame consists of, as `pictures_of` gives them, but not to be written on."""
    planes = plane_arrays(frame)
    interlaced = frame.interlaced_frame and frame.height > 1
    fields = {1: slice(0, None, 2), 2: slice(1, None, 2)} if interlaced else {0: slice(None)}
    return {sequence: [plane[rows] for plane in planes] for sequence, rows in fields.items()}


def write(picture: "Sequence[np.ndarray]", made: "Sequence[np.ndarray | None]") -> None:
    """Writes sharpened planes in place of a picture's own; None leaves one as it is."""
    for plane, sharpened in zip(picture, made, strict=True):
        if sharpened is not None:
            plane[...] = sharpened
