"""An encoder's quality, chosen by trials on a clip's sharpened pictures."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest
from vidsharp.pipeline import trial_encode
from vidsharp.pipeline.choose_rate import (
    PIECE_PICTURES,
    PIECES,
    Recording,
    choose_rate,
    tightened,
)
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.encoder_plan import EncoderPlan
from vidsharp.pipeline.errors import EncoderError
from vidsharp.pipeline.plan import WHOLE, plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.quality_scale import quality_scale
from vidsharp.pipeline.rate_choice import RateChoice, RateWish
from vidsharp.pipeline.timeline import read_timeline
from vidsharp.pipeline.trial_encode import try_encoder
from vidsharp.pipeline.workspace import ClipPlan

from tests.support import media
from tests.support.whole_way import sharpen_all, stub


def _recording(path: Path, *, chunk_s: float = 1.0) -> Recording:
    info = probe(path)
    timeline = read_timeline(info)
    chunks = plan_chunks(timeline, int(chunk_s / info.time_base))
    return Recording(info, timeline, chunks, WHOLE, path.stat().st_size)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return _recording(media.call(tmp_path_factory.mktemp("clip") / "a.mp4", size=(128, 96), frames=60).path)


def _chosen(
    recording: Recording, folder: Path, wish: RateWish, encoder: str = "libx264"
) -> tuple[EncoderPlan, RateChoice]:
    plan = resolve_encoder(EncoderChoice(encoder), recording.info)
    folder.mkdir(exist_ok=True)
    return choose_rate(recording, plan, wish, stub(1), folder)


@pytest.mark.parametrize(
    ("encoder", "target"),
    [
        *(
            (encoder, target)
            for encoder in ("libx264", "libx265", "libsvtav1", "libvpx-vp9")
            for target in (36.0, 42.0)
        ),
        ("mpeg4", 36.0),
    ],
)
def test_a_target_is_met_by_the_whole_clip(encoder: str, target: float, recording: Recording, tmp_path: Path) -> None:
    info, whole = recording.info, plan_chunks(recording.timeline, 1 << 60)
    plan, choice = _chosen(replace(recording, chunks=whole), tmp_path / "trials", RateWish(target), encoder)
    _, (pictures,) = sharpen_all(info, whole, tmp_path / "all", EncoderChoice("ffv1"), stub(1))
    found, scale = fmean(try_encoder(plan, info, pictures).xpsnr_db), quality_scale(encoder)
    assert found >= target - 0.01
    worse = fmean(try_encoder(scale.at(plan, min(scale.last, scale.place_in(plan) + 1)), info, pictures).xpsnr_db)
    assert worse < target or found - target < 0.2 or scale.place_in(plan) == scale.last
    assert choice.said is not None
    assert f"was chosen for --target-quality {target:g}, " in choice.said


def test_pictures_of_full_range_wait_without_loss_too(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", size=(128, 96), frames=30, pix_fmt="yuvj420p", audio=0).path
    recording = _recording(clip)
    _, choice = _chosen(recording, tmp_path / "trials", RateWish(42))
    assert "was chosen for --target-quality 42, 42." in (choice.said or "")
    whole = plan_chunks(recording.timeline, 1 << 60)
    _, (plain,) = sharpen_all(recording.info, whole, tmp_path / "plain", EncoderChoice("rawvideo"), stub(1))
    (waiting,) = (tmp_path / "trials").glob("*.nut")
    assert media.frame_hashes(waiting) == media.frame_hashes(plain)


def test_a_target_that_is_not_reached_is_a_sentence(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"--target-quality 60 is not reached by mpeg4: at its best \(quantiser 1\)"):
        _chosen(recording, tmp_path / "trials", RateWish(60), "mpeg4")


def test_what_is_small_enough_stays_as_it_is(recording: Recording, tmp_path: Path) -> None:
    plan, choice = _chosen(recording, tmp_path / "trials", RateWish(max_growth=50))
    assert plan == resolve_encoder(EncoderChoice(), recording.info)
    assert choice.said is None
    assert choice.max_bytes is not None


def test_what_would_be_too_large_is_encoded_more_tightly(recording: Recording, tmp_path: Path) -> None:
    usual = resolve_encoder(EncoderChoice(), recording.info)
    plan, choice = _chosen(recording, tmp_path / "trials", RateWish(max_growth=0.7))
    assert float(plan.options["crf"]) > float(usual.options["crf"])
    assert choice.max_bytes is not None
    assert choice.max_bytes < int(0.7 * recording.bytes) == choice.max_file_bytes
    assert "was chosen for --max-growth 0.7" in (choice.said or "")


def test_both_bounds_hold_the_size_and_say_the_quality(recording: Recording, tmp_path: Path) -> None:
    alone, _ = _chosen(recording, tmp_path / "one", RateWish(45))
    both, choice = _chosen(recording, tmp_path / "two", RateWish(45, 0.7))
    assert float(both.options["crf"]) > float(alone.options["crf"])
    assert "for --target-quality 45" in (choice.said or "")
    assert "for --max-growth 0.7" in (choice.said or "")


def test_pictures_are_compared_only_where_a_quality_is_asked_for(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_encode, "_xpsnr", lambda *_: pytest.fail("compared"))
    _chosen(recording, tmp_path / "trials", RateWish(max_growth=0.7))


def test_no_room_at_all_is_a_sentence(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"--max-growth 0.01 cannot be held: nothing is left for its pictures"):
        _chosen(recording, tmp_path / "trials", RateWish(max_growth=0.01))


def test_a_clip_that_came_out_too_large_is_tightened_until_the_scale_ends(recording: Recording) -> None:
    plan, choice = resolve_encoder(EncoderChoice(), recording.info), RateChoice(1000)
    places: list[int] = []
    while not places or places[-1] < quality_scale("libx264").last:
        plan, choice = tightened(plan, choice, recording.info)
        places.append(quality_scale("libx264").place_in(plan))
        assert choice.max_bytes == 1000
    assert places == sorted(set(places))
    assert 3 <= len(places) <= 20
    with pytest.raises(EncoderError, match=r"--max-growth is not held even at libx264's crf 45"):
        tightened(plan, choice, recording.info)


def test_pieces_are_spread_and_a_short_clip_is_one(recording: Recording, tmp_path: Path) -> None:
    assert recording.pieces() == [WHOLE]
    long = _recording(media.call(tmp_path / "a.mkv", size=(64, 48), frames=400, audio=0).path)
    pieces = long.pieces()
    assert len(pieces) == PIECES
    shown = sorted(packet.pts for packet in long.timeline if packet.pts is not None)
    counts = [sum(start <= pts < end for pts in shown) for start, end in pieces]  # type: ignore[operator]
    assert counts == [PIECE_PICTURES] * PIECES
    assert pieces == sorted(pieces)


def test_a_part_has_its_share_of_the_room(recording: Recording) -> None:
    first = recording.chunks[: len(recording.chunks) // 2]
    half = replace(recording, chunks=first, within=(None, first[-1].end_pts))
    share = half.frames / recording.frames
    assert half.room_for_video(2) == pytest.approx(share * recording.room_for_video(2), rel=0.02)
    assert recording.room(2) == 2 * recording.bytes


def test_sound_counts_by_the_parts_time_where_pictures_are_rare(recording: Recording) -> None:
    """As where a call's pictures begin later than its sound, or with a still."""
    times = sorted(packet.pts for packet in recording.timeline if packet.pts is not None)
    middle = times[len(times) // 2]
    rare = [packet for packet in recording.timeline if packet.pts == times[0] or (packet.pts or 0) >= middle]
    chunks = plan_chunks(rare, 1 << 60, within=(None, middle), inside_gops=False)
    part = Recording(recording.info, rare, chunks, (None, middle), recording.bytes)
    assert part.frames == 1
    sound = recording.bytes - sum(packet.size for packet in rare)
    assert part.room(1) - part.room_for_video(1) == pytest.approx(sound / 2, rel=0.1)
    assert part.room_for_video(1) > 0


def test_pictures_without_times_are_not_tried(recording: Recording, tmp_path: Path) -> None:
    timeless = [replace(packet, pts=None) for packet in recording.timeline]
    plan, choice = _chosen(replace(recording, timeline=timeless), tmp_path / "trials", RateWish(40))
    assert plan == resolve_encoder(EncoderChoice(), recording.info)
    assert "was not chosen by trials" in (choice.said or "")


def test_a_choice_comes_back_from_its_plan() -> None:
    assert RateChoice.from_json(RateChoice(7, 9, "said").to_json()) == RateChoice(7, 9, "said")
    assert RateChoice.from_json(None) == RateChoice() == ClipPlan((), (), None).rate


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video", "mjpeg"])
def test_pictures_that_bring_a_quantiser_along_are_encoded_with_the_one_that_is_chosen(
    codec: str, tmp_path: Path
) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    source = media.call(tmp_path / "a.mkv", size=(128, 96), frames=12, codec=codec, pix_fmt=pix_fmt, audio=0).path
    info = probe(source)
    plan, scale = resolve_encoder(EncoderChoice(), info), quality_scale(codec)
    good, bad = (try_encoder(scale.at(plan, place), info, source) for place in (1, 20))
    assert good.other_bytes > 2 * bad.other_bytes
    assert fmean(good.xpsnr_db) > fmean(bad.xpsnr_db) + 5
