"""Which planes a network works on."""

from typing import Literal

Domain = Literal["luma", "rgb"]
"""`luma`: Y alone, chroma stays as it is. `rgb`: all three, by the source's own matrix and range."""
