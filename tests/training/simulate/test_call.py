"""The simulated call is repeatable, frame for frame, and as soft as its level says, with its originals beside it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from skimage import data
from vidsharp.training.errors import SimulationError
from vidsharp.training.simulate.call import simulate_call, simulate_frames
from vidsharp.training.simulate.draw import NO_CAMERA, draw_parameters
from vidsharp.training.simulate.encoders import ENCODERS, here
from vidsharp.training.simulate.parameters import LEVELS, Camera, FrameDip, RateStep, Recorder

from tests.training.simulate.moving import luma, moving, psnr

CASES = [(level, encoder) for level in LEVELS for encoder in here(ENCODERS) if level != "light" or encoder == "vp8"]


def panning(count: int, height: int = 320, width: int = 384) -> list[np.ndarray]:
    """A slow pan over the astronaut, uint8 RGB."""
    photo = data.astronaut()
    return [photo[i : i + height, 50 + i : 50 + i + width] for i in range(count)]


def _bytes(level: str, encoder: str, seed: int = 5) -> list[bytes]:
    frames = moving(16)
    call = simulate_call(frames, level, seed, parameters=draw_parameters(level, seed, "all", encoder=encoder))
    assert len(call.soft) == len(call.sharp) == len(call.facts) == len(frames)
    for picture in (*call.soft, *call.sharp):
        assert (picture.width, picture.height, picture.format.name) == (192, 128, "yuv420p")
    assert (call.facts[0].since_keyframe, call.facts[0].since_switch, call.facts[0].repeated) == (0, None, False)
    return [picture.to_ndarray().tobytes() for picture in (*call.soft, *call.sharp)]


def test_same_seed_same_bytes_alone_and_under_load() -> None:
    """For every level and encoder, whatever else the machine does."""
    alone = [_bytes(*case) for case in CASES]
    with ThreadPoolExecutor(8) as pool:
        crowded = list(pool.map(lambda case: _bytes(*case), CASES))
    for case, a, b in zip(CASES, alone, crowded, strict=True):
        assert a == b, case
    assert len({tuple(pictures[:16]) for pictures in alone}) == len(alone)


@pytest.mark.parametrize("encoder", here(ENCODERS))
def test_levels_are_ordered_for_every_encoder(encoder: str) -> None:
    def score(level: str) -> float:
        scores = []
        for seed in range(3):
            drawn = draw_parameters(level, seed, "all", encoder=encoder)
            plain = replace(drawn, rates=(RateStep(0, 1.0),), dips=(), losses=(), camera=NO_CAMERA)
            call = simulate_call(moving(12, 320, 192), level, seed, parameters=plain)
            scores.append(psnr(call.soft[-1], call.sharp[-1]))
        return float(np.mean(scores))

    assert score("light") > score("medium") > score("heavy")


def test_what_is_sharp_is_the_original_of_what_is_shown() -> None:
    plain = draw_parameters("compressed", 0, encoder="vp8")
    steady = replace(plain, rates=(RateStep(0, 1.0),), losses=(), camera=NO_CAMERA, recorder=None, bits_per_pixel=0.4)
    frames = moving(20)
    call = simulate_call(frames, "compressed", 0, parameters=replace(steady, dips=(FrameDip(5, 15, 2),)))
    shown = [n - 1 if call.facts[n].repeated else n for n in range(20)]
    assert shown[4:9] == [4, 5, 5, 7, 7]
    for number, source in enumerate(shown):
        np.testing.assert_array_equal(call.sharp[number].to_ndarray(), frames[source].to_ndarray())


def test_exposure_is_in_both_pictures_noise_and_focus_in_the_soft_one_alone() -> None:
    frames = moving(6)
    light = draw_parameters("light", 0)
    dark = simulate_call(frames, "light", 0, parameters=replace(light, camera=Camera(0, 1, 0.5, 10)))
    for number in (0, 5):
        expected = luma(frames[number]).mean() - 16
        for side in (dark.soft, dark.sharp):
            assert luma(side[number]).mean() - 16 == pytest.approx(expected * (1 if number == 0 else 0.5), rel=0.02)
    for camera in (Camera(8, 1, 0, 10), Camera(0, 2.5, 0, 10)):
        call = simulate_call(frames, "light", 0, parameters=replace(light, camera=camera))
        plain = simulate_call(frames, "light", 0)
        np.testing.assert_array_equal(call.sharp[3].to_ndarray(), frames[3].to_ndarray())
        assert psnr(call.soft[3], frames[3]) < psnr(plain.soft[3], frames[3]) - 0.2


@pytest.mark.parametrize("seed", range(4))
def test_a_composed_call_has_soft_and_sharp_in_the_same_place(seed: int) -> None:
    drawn = draw_parameters("light", seed, "all", composed=True)
    call = simulate_call(moving(3, 320, 192), "light", seed, parameters=drawn)
    soft, sharp = luma(call.soft[2]).astype(int), luma(call.sharp[2]).astype(int)
    assert soft.shape == sharp.shape == (192, 320)
    background = sharp == 24
    assert 0.05 < background.mean() < 0.9
    assert (soft[background] == 24).mean() > 0.95
    assert 28 < psnr(call.soft[2], call.sharp[2]) < 60


@pytest.mark.parametrize("encoder", here(ENCODERS))
@pytest.mark.parametrize("recorder", ["h264", "vp8", None])
def test_colours_are_said_to_be_what_they_were(encoder: str, recorder: str | None) -> None:
    frames = moving(3)
    for frame in frames:
        frame.color_range, frame.colorspace = ColorRange.JPEG, Colorspace.ITU709
    drawn = draw_parameters("medium", 0, "all", encoder=encoder)
    call = simulate_call(
        frames, "medium", 0, parameters=replace(drawn, recorder=recorder and Recorder(recorder, 20), camera=NO_CAMERA)
    )
    for soft, sharp, frame in zip(call.soft, call.sharp, frames, strict=True):
        for picture in (soft, sharp):
            assert (picture.color_range, picture.colorspace) == (ColorRange.JPEG, Colorspace.ITU709)
        assert luma(soft).mean() == pytest.approx(luma(frame).mean(), abs=1.5)


def test_other_originals_become_the_sharp_pictures() -> None:
    frames, originals = moving(4), moving(8)[4:]
    call = simulate_call(frames, "light", 0, originals=originals)
    for sharp, original in zip(call.sharp, originals, strict=True):
        np.testing.assert_array_equal(sharp.to_ndarray(), original.to_ndarray())


@pytest.mark.parametrize("recorder", ["h264", "vp8", "vp9"])
@pytest.mark.parametrize(("width", "height", "count"), [(61, 83, 3), (18, 16, 1), (64, 65, 2)])
def test_odd_sizes_and_short_clips(recorder: str, width: int, height: int, count: int) -> None:
    frames = [f.reformat(width, height, "yuv420p", threads=1) for f in moving(count)]
    parameters = replace(draw_parameters("heavy", 0), recorder=Recorder(recorder, 20))
    call = simulate_call(frames, "heavy", 0, parameters=parameters)
    assert [(f.width, f.height, f.format.name) for f in call.soft] == [(width, height, "yuv420p")] * count


@pytest.mark.parametrize("level", ["light", "heavy"])
def test_arrays_stay_arrays(level: str) -> None:
    out = simulate_frames(panning(3, 61, 83), level, seed=1)
    assert [getattr(f, "shape", None) for f in out] == [(61, 83, 3)] * 3


def test_video_frames_stay_yuv_and_untouched() -> None:
    frames = []
    for number, picture in enumerate(panning(4)):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
            format="yuv420p", threads=1
        )
        frame.pts = 1000 + 37 * number
        frames.append(frame)
    before = [f.to_ndarray().copy() for f in frames]
    out = simulate_frames(frames, "compressed", seed=0)
    assert [f.format.name for f in out if isinstance(f, VideoFrame)] == ["yuv420p"] * 4
    assert [f.pts for f in frames] == [1000, 1037, 1074, 1111]
    for frame, kept in zip(frames, before, strict=True):
        np.testing.assert_array_equal(frame.to_ndarray(), kept)


def test_refusals() -> None:
    with pytest.raises(SimulationError, match="no frames"):
        simulate_frames([], "light", 0)
    with pytest.raises(SimulationError, match="of one size; these are 64×48, 192×128"):
        simulate_call([*moving(1, 64, 48), *moving(1)], "heavy", 0)
    with pytest.raises(SimulationError, match="2 frames needs as many originals; there are 1"):
        simulate_call(moving(2), "light", 0, originals=moving(1))
    broken = replace(draw_parameters("compressed", 0, encoder="h264"), speed="no such preset")
    with pytest.raises(SimulationError, match="64×48 pictures cannot be simulated with h264"):
        simulate_call(moving(1, 64, 48), "compressed", 0, parameters=broken)
