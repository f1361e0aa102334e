"""Draws the README's picture from a demo run: soft recording, sharpened recording and sharp original, side by side.

vidsharp demo --out demo
python benchmarks/quality/before_after.py demo docs/before-after.png
"""

import argparse
from pathlib import Path

import av
from PIL import Image, ImageDraw

CROPS = ((985, 270, 1165, 420), (60, 40, 240, 190), (1010, 520, 1190, 670))
"""left, top, right, bottom of what is shown of the 1280×720 sample call: a person, text, fur. The students were not
trained on these pictures (they were on the sample's astronaut and coffee cup)."""

SCALE = 2
AT_S = 1.0


def frame_at(path: Path, seconds: float) -> Image.Image:
    """The first picture shown at or after `seconds`."""
    with av.open(str(path)) as clip:
        for frame in clip.decode(video=0):
            if frame.time is not None and frame.time >= seconds:
                return frame.to_image(threads=1)
    raise SystemExit(f"{path} is shorter than {seconds} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws the README's picture from a demo run.")
    parser.add_argument("demo", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    columns = [("soft recording", "recordings"), ("sharpened", "sharpened"), ("sharp original", "sharp")]
    width, height = SCALE * (CROPS[0][2] - CROPS[0][0]), SCALE * (CROPS[0][3] - CROPS[0][1])
    canvas = Image.new("RGB", (3 * width + 20, len(CROPS) * (height + 10) + 20), "white")
    for column, (title, folder) in enumerate(columns):
        frame = frame_at(arguments.demo / folder / "call.mp4", AT_S)
        left = column * (width + 10)
        ImageDraw.Draw(canvas).text((left + 4, 4), title, fill="black")
        for row, crop in enumerate(CROPS):
            # Whole-number enlargement: what is seen is what is there.
            part = frame.crop(crop).resize((width, height), Image.Resampling.NEAREST)
            canvas.paste(part, (left, 20 + row * (height + 10)))
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(arguments.picture, optimize=True)


if __name__ == "__main__":
    main()
