"""Contact sheets of crops: every version at twice the size under its name, some crops to a page."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .crop_pictures import CropPictures

ZOOM = 2
WIDEST_PX = 2000
"""A page is at most as wide."""
CROPS_A_PAGE = 2
GAP_PX = 8
LINE_PX = 26
GROUND = (24, 24, 24)
INK = (235, 235, 235)


def enlarged(picture: np.ndarray) -> Image.Image:
    """A picture, uint8 RGB [h, w, 3], at `ZOOM` times its size, bicubic."""
    height, width = picture.shape[:2]
    return Image.fromarray(picture).resize((ZOOM * width, ZOOM * height), Image.Resampling.BICUBIC)


def contact_pages(shown: Sequence[CropPictures]) -> Iterator[Image.Image]:
    """The pages: each crop under its caption as soft, methods and original, in as few rows as are narrow enough."""
    for first in range(0, len(shown), CROPS_A_PAGE):
        blocks = [_block(of_crop) for of_crop in shown[first : first + CROPS_A_PAGE]]
        page = Image.new("RGB", (max(b.width for b in blocks), sum(b.height for b in blocks)), GROUND)
        top = 0
        for block in blocks:
            page.paste(block, (0, top))
            top += block.height
        yield page


def _block(of_crop: CropPictures) -> Image.Image:
    versions = {"soft": of_crop.soft, **of_crop.made, "original": of_crop.sharp}
    tiles = {name: enlarged(picture) for name, picture in versions.items()}
    width, height = next(iter(tiles.values())).size
    width, height = width + GAP_PX, height + LINE_PX + GAP_PX
    rows = -(-len(tiles) // max((WIDEST_PX - GAP_PX) // width, 1))
    columns = -(-len(tiles) // rows)
    block = Image.new("RGB", (columns * width + GAP_PX, LINE_PX + rows * height), GROUND)
    draw, font = ImageDraw.Draw(block), ImageFont.load_default(size=17)
    crop = of_crop.crop
    caption = f"{crop.kind}: {crop.source}, {crop.level}, picture {crop.item}"
    draw.text((GAP_PX, 3), caption, fill=INK, font=font)
    for number, (name, tile) in enumerate(tiles.items()):
        row, column = divmod(number, columns)
        x, y = GAP_PX + column * width, LINE_PX + row * height
        draw.text((x, y + 3), name, fill=INK, font=font)
        block.paste(tile, (x, y + LINE_PX))
    return block
