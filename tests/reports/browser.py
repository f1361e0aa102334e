"""A real Chromium for tests, and a watch over all that its pages complain about and ask for."""

import io
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, sync_playwright

Open = Callable[..., Page]
"""How tests open a page: the fixture `opened`."""

NEEDED = "VIDSHARP_NEEDS_CHROMIUM"
"""Set by CI: a test fails without Chromium, instead of being skipped."""
MISSING = "needs Chromium: apt-get install chromium"

_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", e => console.error("refused by the policy:", e.violatedDirective));
"""


def why_skipped() -> str | None:
    """Why tests in the browser are to be skipped here; None where they are to run, or must not be skipped."""
    return None if shutil.which("chromium") or os.environ.get(NEEDED) else MISSING


@contextmanager
def started() -> Iterator[Browser]:
    """Headless Chromium; the test fails where there is none. Until the end, an event loop of Playwright's is under way
    in this thread."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, file: Path, fragment: str = "", **options: Any) -> Iterator[Page]:
    """A file opened from disk in a fresh context, made with `options`.

    At the end it must have logged no warning and no error, thrown nothing, broken no rule of its own Content Security
    Policy, opened no dialog, and asked for nothing but itself.
    """
    address = file.as_uri()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            complaints.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        if request.url.partition("#")[0] != address and not request.url.startswith("data:"):
            complaints.append(f"request: {request.url}")

    def alerted(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context = browser.new_context(**options)
    try:
        context.on("console", heard)
        context.on("weberror", lambda error: complaints.append(f"thrown: {error.error}"))
        context.on("request", asked)
        context.on("dialog", alerted)
        context.add_init_script(_TELL_VIOLATIONS)
        page = context.new_page()
        context.on("page", lambda other: complaints.append(f"opened: {other.url}"))
        page.goto(address + fragment)
        yield page
        page.title()  # a round trip, so that all that was under way has been told
    finally:
        context.close()
    assert not complaints, "\n".join(complaints)


def pixels(seen: Page | Locator) -> np.ndarray:
    """What is on the screen [H, W, 3], uint8."""
    # Animations are left as they are: by default Playwright would put them to their end, with styles of its own.
    shot = seen.screenshot(animations="allow")
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))


def style(of: Locator, name: str) -> str:
    """A computed style."""
    return of.evaluate("(element, name) => getComputedStyle(element)[name]", name)


def light_of(colour: str) -> float:
    """Relative luminance (WCAG 2) of a computed colour."""
    parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def inked(canvas: Locator) -> float:
    """The share of a plot that is not its ground."""
    seen = pixels(canvas).reshape(-1, 3)
    kinds, counts = np.unique(seen, axis=0, return_counts=True)
    far = np.abs(seen.astype(int) - kinds[counts.argmax()]).max(axis=1) > 40
    return float(far.mean())


def eventually(true: Callable[[], bool]) -> None:
    """Waits until something comes true."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
