"""A simulated clip keeps its frames, times and sound."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from skimage import data
from vidsharp.training.errors import SimulationError
from vidsharp.training.simulate.call import simulate_call
from vidsharp.training.simulate.clip import ANYWHERE, simulate_clip
from vidsharp.training.simulate.draw import draw_parameters

from tests.training.simulate.moving import luma

TIMES = [0, 3, 4, 9, 10, 14, 15, 21]
"""Of the frames, in 1/100 s: anything but regular."""


def write_clip(path: Path, size: tuple[int, int] = (320, 256), sound: bool = True) -> None:
    """A clip of `TIMES`, with a tone."""
    photo = data.astronaut()
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=Fraction(30), options={"crf": "10"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, 100)
        tone = out.add_stream("pcm_s16le", rate=8000, layout="mono") if sound else None
        for number, time in enumerate(TIMES):
            picture = np.ascontiguousarray(photo[number : number + size[1], 150 : 150 + size[0]])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 100)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if tone is not None:
            wave = (8000 * np.sin(np.arange(1600) / 3)).astype(np.int16)[None]
            samples = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            samples.sample_rate, samples.pts = 8000, 0
            out.mux(tone.encode(samples))
            out.mux(tone.encode(None))


def read_clip(path: Path) -> tuple[list[Fraction], list[np.ndarray], list[bytes]]:
    """Frame times in seconds, luma planes, audio packets."""
    with av.open(str(path)) as clip:
        frames = list(clip.decode(video=0))
        times = [f.pts * f.time_base for f in frames if f.pts is not None and f.time_base is not None]
        pictures = [f.to_ndarray(format="gray", threads=1) for f in frames]
    with av.open(str(path)) as clip:
        sound = [bytes(p) for p in clip.demux(audio=0) if p.size] if clip.streams.audio else []
    return times, pictures, sound


@pytest.mark.parametrize("level", ["light", "medium", "compressed", "switching"])
def test_frames_times_and_sound_stay(tmp_path: Path, level: str) -> None:
    write_clip(tmp_path / "a.mkv")
    record = simulate_clip(tmp_path / "a.mkv", tmp_path / "soft" / "b.mkv", level, seed=4)
    times, pictures, sound = read_clip(tmp_path / "a.mkv")
    soft_times, soft_pictures, soft_sound = read_clip(tmp_path / "soft" / "b.mkv")
    assert record.frames == len(pictures) == len(soft_pictures) == len(TIMES)
    assert soft_times == times
    assert soft_sound == sound
    assert len(sound) > 0
    for sharp, soft in zip(pictures, soft_pictures, strict=True):
        assert 1 < np.mean((sharp.astype(float) - soft) ** 2) < 2000
    written = json.loads((tmp_path / "soft" / "b.mkv.json").read_text())
    assert written["seed"] == 4
    assert written["parameters"]["level"] == level
    assert sorted(p.name for p in (tmp_path / "soft").iterdir()) == ["b.mkv", "b.mkv.json"]


def test_same_seed_same_pictures(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    for name in ("b.mp4", "c.mp4"):
        simulate_clip(tmp_path / "a.mkv", tmp_path / name, "heavy", seed=1)
    for b, c in zip(read_clip(tmp_path / "b.mp4")[1], read_clip(tmp_path / "c.mp4")[1], strict=True):
        np.testing.assert_array_equal(b, c)


def test_refuses_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(SimulationError, match="cannot be made"):
        simulate_clip(tmp_path / "a.mp4", tmp_path / "b.mp4", "light", 0)
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.parametrize(("level", "container", "recorder"), [("heavy", "mkv", "vp8"), ("switching", "mp4", "h264")])
def test_a_clip_on_disk_shows_what_a_call_in_memory_shows(
    tmp_path: Path, level: str, container: str, recorder: str
) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    seed = next(s for s in range(99) if (r := draw_parameters(level, s).recorder) and r.encoder == recorder)
    record = simulate_clip(tmp_path / "a.mkv", tmp_path / f"b.{container}", level, seed)
    with av.open(str(tmp_path / "a.mkv")) as clip:
        frames = list(clip.decode(video=0))
    call = simulate_call(frames, level, seed, fps=record.fps)
    assert record.parameters == call.parameters
    assert record.keyframes == [n for n, f in enumerate(call.facts) if f.since_keyframe == 0]
    assert record.repeated == [n for n, f in enumerate(call.facts) if f.repeated]
    with av.open(str(tmp_path / f"b.{container}")) as made:
        for picture, soft in zip(made.decode(video=0), call.soft, strict=True):
            np.testing.assert_array_equal(luma(picture), luma(soft))


def test_a_recorder_that_the_container_does_not_take_becomes_h264(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", sound=False)
    seed = next(s for s in range(99) if (r := draw_parameters("heavy", s).recorder) and r.encoder == "vp8")
    record = simulate_clip(tmp_path / "a.mkv", tmp_path / "b.mp4", "heavy", seed)
    assert record.parameters.recorder == ANYWHERE
    assert json.loads((tmp_path / "b.mp4.json").read_text())["parameters"]["recorder"]["encoder"] == "h264"
    assert len(read_clip(tmp_path / "b.mp4")[1]) == len(TIMES)
