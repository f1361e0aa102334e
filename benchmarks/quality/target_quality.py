"""How near whole clips come to `--target-quality`, which is searched on a few of their pictures: a table on stdout.

`python -m benchmarks.quality.target_quality CLIP... --target 40 --encoder libx264 --encoder libsvtav1`
"""

import tempfile
from pathlib import Path
from statistics import fmean

import click
from vidsharp.models.enhance import Enhancer
from vidsharp.pipeline.choose_rate import Recording, choose_rate
from vidsharp.pipeline.encoder import EncoderChoice, resolve_encoder
from vidsharp.pipeline.part import Part
from vidsharp.pipeline.plan import plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.rate_choice import RateWish
from vidsharp.pipeline.recording import silence
from vidsharp.pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from vidsharp.pipeline.timeline import read_timeline
from vidsharp.pipeline.trial_encode import try_encoder
from vidsharp.pipeline.window import pictures_of


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--target", default=40.0, show_default=True, help="XPSNR in dB.")
@click.option("--encoder", "encoders", multiple=True, default=("libx264", "libx265", "libsvtav1"), show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="Of each clip.")
def main(clips: tuple[Path, ...], target: float, encoders: tuple[str, ...], seconds: float) -> None:
    """Chooses as `process` does, then encodes all pictures of the part with what was chosen, and compares."""
    silence()
    enhancer = Enhancer("fast")
    click.echo("| clip | encoder | chosen | pictures | XPSNR, dB | off by |\n|---|---|---|---|---|---|")
    for clip in clips:
        info, timeline = probe(clip), read_timeline(probe(clip))
        within = pictures_of(Part(None, seconds), info, timeline)
        whole = plan_chunks(timeline, 1 << 60, within=within, inside_gops=False)
        recording = Recording(info, timeline, whole, within, clip.stat().st_size)
        with tempfile.TemporaryDirectory() as folder:
            lossless = resolve_encoder(EncoderChoice("ffv1"), info)
            task = ChunkTask(info, whole[0], lossless, Path(folder) / "whole", "")
            trials = Path(folder) / "trials"
            for made in (task.folder, trials):
                made.mkdir()
            sharpen_chunk(task, enhancer)
            pictures = task.folder / f"{whole[0].name}.nut"
            for encoder in encoders:
                plan = resolve_encoder(EncoderChoice(encoder), info)
                plan, choice = choose_rate(recording, plan, RateWish(target), enhancer, trials)
                found = try_encoder(plan, info, pictures)
                chosen = (choice.said or "").split(" was ")[0]
                xpsnr_db = fmean(found.xpsnr_db)
                figures = f"{found.frames} | {xpsnr_db:.2f} | {xpsnr_db - target:+.2f}"
                click.echo(f"| {clip.stem} | {encoder} | {chosen} | {figures} |")


if __name__ == "__main__":
    main()
