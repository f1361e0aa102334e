from pathlib import Path

import av
import numpy as np
import pytest
from vidsharp.jobs.tools.sample_call import make_sample_call

from tests.support import media

SMALL = (320, 180)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample_call(tmp_path_factory.mktemp("call") / "deep" / "call.mp4", seconds=4, size=SMALL, fps=10)


def test_has_the_size_length_and_tags_asked_for(sample: Path) -> None:
    assert media.video_pts(sample) == [pytest.approx(number / 10) for number in range(40)]
    frame = next(media.video_frames(sample))
    assert (frame.width, frame.height, frame.format.name) == (*SMALL, "yuv420p")
    assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == media.COLORS["bt709"]
    luma = media.planes(frame)[0]
    assert luma.min() >= 10
    assert 235 <= luma.max() <= 245, "white slides reach white, and no further than ringing takes them"


def test_has_stereo_sound_as_long_as_the_picture(sample: Path) -> None:
    with av.open(str(sample)) as source:
        (track,) = source.streams.audio
        assert (track.rate, track.channels, track.codec_context.name) == (48000, 2, "aac")
        sound = np.concatenate([frame.to_ndarray() for frame in source.decode(track)], axis=1)
    assert sound.shape[1] == pytest.approx(4 * 48000, abs=2048)
    second = sound[:, 48000:96000]
    assert 0.02 < float(np.sqrt((second**2).mean())) < 0.5
    assert float(np.abs(sound).max()) < 0.99, "no clipping"
    pauses = np.abs(sound[0, : 48000 * 3 // 480 * 480]).reshape(-1, 480).max(axis=1)
    assert (pauses < 0.01).any(), "syllables are set apart"


def test_people_move_slides_change_and_the_rest_stands_still(sample: Path) -> None:
    planes = [planes[0].astype(int) for planes in media.decoded_planes(sample)]
    first, near, late = planes[0], planes[3], planes[38]
    face = (slice(8, 54), slice(230, 305))
    slide = (slice(20, 110), slice(20, 200))
    assert np.abs(first[face] - near[face]).mean() > 1
    assert np.abs(first[slide] - near[slide]).mean() < 0.5
    assert np.abs(first[slide] - late[slide]).mean() > 5


def test_depends_on_the_seed_and_on_nothing_else(tmp_path: Path) -> None:
    paths = [make_sample_call(tmp_path / f"{n}.mp4", seconds=0.5, size=SMALL, fps=10, seed=n // 2) for n in range(3)]
    first, again, other = (media.frame_hashes(path) for path in paths)
    assert first == again
    assert media.packet_md5(paths[0], 1) == media.packet_md5(paths[1], 1)
    assert first != other
    assert media.packet_md5(paths[0], 1) != media.packet_md5(paths[2], 1)


def test_leaves_only_the_finished_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with monkeypatch.context() as broken:
        broken.setattr("vidsharp.jobs.tools.sample_call._write", _write_half)
        with pytest.raises(OSError, match="disk full"):
            make_sample_call(path, seconds=0.1, size=SMALL)
    assert path.read_bytes() == b"old"
    assert make_sample_call(path, seconds=0.1, size=SMALL) == path
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def _write_half(path: Path, *_: object) -> None:
    path.write_bytes(b"half")
    raise OSError("disk full")


@pytest.mark.parametrize(("seconds", "size"), [(0, SMALL), (1, (321, 180)), (1, (32, 32))])
def test_refuses_what_it_cannot_make(seconds: float, size: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"not \d+"):
        make_sample_call(tmp_path / "a.mp4", seconds=seconds, size=size)
    assert not list(tmp_path.iterdir())
