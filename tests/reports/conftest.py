"""One Chromium for a file of tests (it takes a second to start), and pages of runs that are opened in it."""

import base64
import functools
import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from vidsharp.reports.run.quality_page import quality_page
from vidsharp.reports.run.tables import rows

from tests.reports.browser import Open, started, watched, why_skipped
from tests.reports.sample_run import SampleRun, sample_run

BLUE, ORANGE, GREEN, WHITE = (20, 40, 200), (230, 130, 10), (10, 150, 60), (255, 255, 255)
GRID_PX = 16
"""Plain pictures are blue before, orange after, green in the original, with white lines of one pixel so far apart."""
SPOT, WHOLE = (480, 270), (960, 540)
"""Width and height of the plain pictures."""


@functools.cache
def run(name: str) -> SampleRun:
    """`usual`: 24 clips with a sharp original and plain pictures; `hostile`: 12 with bad names; or a `thousand`."""
    if name == "hostile":
        return sample_run(12, hostile=True)
    if name == "thousand":
        return sample_run(1000, reference=True, pictures=False, samples=2)
    made = sample_run(24, reference=True, pictures=False)
    preview = _plain_preview()
    return replace(made, previews={clip["clip"]: preview for clip in rows(made.clips) if clip["status"] != "failed"})


def _plain_preview() -> str:
    shown = {
        "before": _plain(WHOLE, BLUE),
        "after": _plain(WHOLE, ORANGE),
        "spot_before": _plain(SPOT, BLUE),
        "spot_after": _plain(SPOT, ORANGE),
        "spot_reference": _plain(SPOT, GREEN),
    }
    place = {"frame": 7, "time_s": 0.3, "width": 1920, "height": 1080, "spot": (0, 0, *SPOT)}
    return json.dumps({**place, "pictures": shown})


def _plain(size: tuple[int, int], colour: tuple[int, int, int]) -> str:
    picture = np.empty((size[1], size[0], 3), np.uint8)
    picture[:] = colour
    picture[::GRID_PX] = picture[:, ::GRID_PX] = WHITE
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips by marks: of those, pytest says why in few lines, and not once for each test."""
    reason = why_skipped()
    for item in items:
        if reason and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The page of a `run`, on disk."""

    @functools.cache
    def page_of(name: str) -> Path:
        path = tmp_path_factory.mktemp("report") / f"{name} #1.html"
        made, about = run(name), {"made": "2026-11-24, by vidsharp 0.1.0"}
        path.write_text(quality_page(*made.tables, made.previews, about), encoding="utf-8")
        return path

    return page_of


@pytest.fixture(scope="module")  # not "session": asyncio.run of other files' tests fails while Playwright is under way
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, page_of: Callable[[str], Path]) -> Iterator[Open]:
    """Opens the page of a run: 1440 × 900, light and without motion unless said otherwise.

    What a page did wrong fails its test at the end: see `watched`.
    """
    with ExitStack() as pages:

        def opened(name: str, fragment: str = "", width: int = 1440, **options: Any) -> Page:
            options = {"viewport": {"width": width, "height": 900}, "reduced_motion": "reduce", **options}
            return pages.enter_context(watched(browser, page_of(name), fragment, **options))

        yield opened


@pytest.fixture
def usual(opened: Open) -> Page:
    return opened("usual")


@pytest.fixture
def details(usual: Page) -> Page:
    """The details of a clip that has plain pictures."""
    usual.locator("#clips").get_by_role("button", name=next(iter(run("usual").previews)), exact=True).click()
    expect(usual.locator("#details")).to_be_visible()
    return usual
