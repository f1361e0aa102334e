"""The page in a real Chromium: it needs nothing but itself, and does by mouse and by keyboard what it offers.

Every page that a test opens is watched to its end: see `browser.watched`.
"""

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from vidsharp.reports.run.headline import worst_first
from vidsharp.reports.run.quality_page import SHOWN_MAX
from vidsharp.reports.run.tables import rows

from tests.reports.browser import (
    MISSING,
    NEEDED,
    Open,
    eventually,
    inked,
    light_of,
    pixels,
    started,
    style,
    watched,
    why_skipped,
)
from tests.reports.conftest import BLUE, GREEN, GRID_PX, ORANGE, SPOT, WHITE, WHOLE, run
from tests.reports.sample_run import HOSTILE

COLUMNS = (
    "clip", "status", "duration_s", "frames", "frames_lost", "fps", "ssim_input", "sharpness_before", "sharpness_after",
    "ssim_ref_before", "ssim_ref_after",
)  # fmt: skip
ZOOMS = (1, 2, 4, 8)

SHOWN_ROWS = """() => [...document.querySelectorAll("#clips tbody tr[data-clip-index]")]
    .filter(row => row.checkVisibility())
    .map(row => [row.dataset.clipIndex, Object.fromEntries(
        [...row.querySelectorAll("[data-column]")].map(cell => [cell.dataset.column, cell.dataset.value ?? null]))])"""
FOCUS = """() => {
    const at = document.activeElement;
    const name = Object.entries(at.dataset).map(([key, value]) => `${key}=${value}`).join(" ");
    const called = at.id ? `#${at.id}` : name || (at.className ? `.${at.className}` : at.tagName);
    return [called, getComputedStyle(at).outlineStyle];
}"""
PLACES = """images => images.map(image => image.getBoundingClientRect()).map(
    ({ x, y, width, height }) => ({ x, y, width, height }))"""


# ---- What is seen ----


def shown(page: Page) -> list[tuple[int, dict[str, str | None]]]:
    """The rows that can be seen, in order: index of the clip, and `data-value` by column."""
    return [(int(index), cells) for index, cells in page.evaluate(SHOWN_ROWS)]


def names(page: Page) -> list[str | None]:
    return [cells["clip"] for _, cells in shown(page)]


def natural(text: str) -> list[Any]:
    """Numbers in a text count as numbers."""
    return [int(part) if part.isdigit() else part.casefold() for part in re.split(r"(\d+)", text)]


def values(page: Page, column: str) -> list[Any]:
    """A column as it is shown; None where there is no figure."""
    texts = [cells[column] for _, cells in shown(page)]
    key = natural if column in ("clip", "status") else float
    return [None if text is None else key(text) for text in texts]


def assert_sorted(found: list[Any], descending: bool) -> None:
    known = [value for value in found if value is not None]
    assert known == sorted(known, reverse=descending)
    assert known[0] != known[-1]
    assert found == known + [None] * (len(found) - len(known))


def sorting(page: Page) -> dict[str, str]:
    """`aria-sort` by column, of the headings that have it."""
    heads = "heads => Object.fromEntries(heads.map(th => [th.dataset.column, th.getAttribute('aria-sort')]))"
    return page.locator("#clips th[aria-sort]").evaluate_all(heads)


def assert_theme(page: Page, dark: bool) -> None:
    body = page.locator("body")
    ground, ink = light_of(style(body, "backgroundColor")), light_of(style(body, "color"))
    assert (ground < 0.05) if dark else (ground > 0.8)
    assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) > 7


def open_first(page: Page) -> Locator:
    """Opens a clip that has pictures, and returns its button in the table."""
    button = page.locator("#clips").get_by_role("button", name=next(iter(run("usual").previews)), exact=True)
    button.click()
    expect(page.locator("#details")).to_be_visible()
    return button


# ---- The browser itself ----


def test_without_chromium_the_tests_are_skipped_but_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(NEEDED, raising=False)
    assert why_skipped() == MISSING
    monkeypatch.setenv(NEEDED, "1")
    assert why_skipped() is None
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"), started():
        pass


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("<script>console.warn('oh')</script>", "warning: oh"),
        ("<script>setTimeout(() => { throw Error('late') })</script>", "thrown: late"),
        ("<script>alert(1)</script>", "dialog: 1"),
        ("<script>fetch('http://127.0.0.1:9/a').catch(() => 0)</script>", r"request: http://127\.0\.0\.1:9/a"),
        ("<img src='beside.png'>", "request: file:.*beside.png"),
        (
            "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\"><p style='color: red'>",
            "style-src",
        ),
    ],
)
def test_the_watch_tells(browser: Browser, tmp_path: Path, source: str, complaint: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html>{source}", encoding="utf-8")
    with pytest.raises(AssertionError, match=complaint), watched(browser, page):
        pass


# ---- The page as a whole ----


@pytest.mark.parametrize("name", ["usual", "hostile"])
def test_it_opens_from_disk(opened: Open, name: str) -> None:
    page = opened(name)
    expect(page.locator("h1")).to_be_visible()
    assert len(shown(page)) == len(run(name).clips)
    assert page.locator("link, iframe, object, embed, base").count() == 0


def test_it_follows_the_system_and_the_button_changes_it(opened: Open) -> None:
    light, dark = (opened("usual", color_scheme=scheme) for scheme in ("light", "dark"))

    def bars(page: Page) -> list[int]:
        """The colour that there is most of in a plot, but for its ground."""
        kinds, counts = np.unique(pixels(canvas_of(page)).reshape(-1, 3), axis=0, return_counts=True)
        return kinds[counts.argsort()[-2]].tolist()

    def canvas_of(page: Page) -> Locator:
        return page.locator("#distributions canvas").first

    for page in (light, dark):
        assert_theme(page, dark=page is dark)
        eventually(lambda page=page: inked(canvas_of(page)) > 0.02)
    drawn = {page: bars(page) for page in (light, dark)}
    assert drawn[light] != drawn[dark]
    for page, other in ((light, dark), (dark, light)):
        page.locator("#theme").click()
        assert_theme(page, dark=other is dark)
        assert bars(page) == drawn[other]
        page.locator("#theme").press("Enter")
        assert_theme(page, dark=page is dark)


@pytest.mark.parametrize(("name", "width"), [("hostile", 390), ("usual", 390), ("usual", 768), ("usual", 1440)])
def test_it_fits_the_window(opened: Open, name: str, width: int) -> None:
    page = opened(name, width=width)

    def assert_fits(*controls: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for control in controls:
            for each in page.locator(control).all():
                each.scroll_into_view_if_needed()
                expect(each).to_be_in_viewport(ratio=0.95)
                box = each.bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width

    assert_fits("h1", "#theme", "#filter", ".chip", "#shown", "#clips tbody tr:first-child .open")
    longest = max(run(name).previews, key=len)
    page.locator("#clips button.open").get_by_text(longest, exact=True).click()
    expect(page.locator("#slider")).to_be_visible()
    assert_fits("#details .close", "#slider", "#details [data-zoom]", "#details [data-view]")
    assert page.locator("#details .body").evaluate("body => body.scrollWidth <= body.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_all_can_use_it(opened: Open, width: int, scheme: str) -> None:
    page = opened("usual", width=width, color_scheme=scheme, reduced_motion="reduce")

    def grave() -> list[str]:
        found = Axe().run(page).response["violations"]
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    assert grave() == []
    open_first(page)
    eventually(lambda: inked(page.locator("#details canvas").first) > 0.01)
    assert grave() == []


def test_without_scripts_it_still_reads(opened: Open) -> None:
    page = opened("usual", java_script_enabled=False)
    clips = rows(run("usual").clips)
    failed = [clip for clip in clips if clip["status"] == "failed"]
    assert failed
    expect(page.locator("h1")).to_have_text(
        f"{len(clips) - len(failed)} of {len(clips)} recordings were sharpened, {len(failed)} failed."
    )
    for clip in failed:
        expect(page.locator("#failures").get_by_text(clip["clip"], exact=True)).to_be_visible()
        expect(page.locator("#failures").get_by_text(clip["error"], exact=True)).to_be_visible()
    assert page.locator("#clips tbody tr").count() == len(clips)
    for row in page.locator("#clips tbody tr").all():
        expect(row).to_be_visible()
    expect(page.locator("#summary")).to_contain_text("What it cost")
    expect(page.locator("#details")).to_be_hidden()


def test_it_prints_black_on_white_without_controls(opened: Open) -> None:
    page = opened("usual", width=718, color_scheme="dark")  # as wide as A4 between margins of a centimetre
    open_first(page)
    page.emulate_media(media="print")
    for control in ("#theme", "#filter", ".chip", "nav", "#details"):
        for each in page.locator(control).all():
            expect(each).to_be_hidden()
    for part in ("h1", "#failures", "#clips"):
        expect(page.locator(part)).to_be_visible()
    assert page.locator("#clips").evaluate("table => table.getBoundingClientRect().right") <= 718
    assert_theme(page, dark=False)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
    page.emulate_media(media="screen")
    assert_theme(page, dark=True)


# ---- Table ----


def test_the_cells_hold_the_tables_figures(usual: Page) -> None:
    clips = rows(run("usual").clips)
    for index, cells in shown(usual):
        for column in COLUMNS:
            figure = clips[index][column]
            assert cells[column] == (None if figure is None else str(figure))
    assert next(cells["status"] for _, cells in shown(usual)) == "failed"


def test_headings_sort_by_mouse(usual: Page) -> None:
    assert usual.locator("#clips th button[data-sort]").count() == len(COLUMNS)
    for column in COLUMNS:
        button = usual.locator(f"#clips th button[data-sort='{column}']")
        for expected in ("ascending", "descending", "ascending"):
            button.click()
            assert sorting(usual) == {column: expected}
            assert_sorted(values(usual, column), expected == "descending")
        assert len(shown(usual)) == len(run("usual").clips)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_headings_sort_by_keyboard(usual: Page, key: str) -> None:
    for column in ("fps", "clip"):
        button = usual.locator(f"#clips th button[data-sort='{column}']")
        button.focus()
        for expected in ("ascending", "descending"):
            usual.keyboard.press(key)
            assert sorting(usual) == {column: expected}
            assert_sorted(values(usual, column), expected == "descending")
            expect(button).to_be_focused()


def test_the_filter_shows_the_rows_that_match(usual: Page) -> None:
    every = [clip["clip"] for clip in rows(run("usual").clips)]
    for words in ("REVIEW", "0-", "no such clip", ""):
        usual.locator("#filter").fill(words)
        expected = {name for name in every if words.lower() in name.lower()}
        assert set(names(usual)) == expected
        expect(usual.locator("#shown")).to_have_text(f"{len(expected)} of {len(every)} clips")
        assert bool(expected) == (words != "no such clip")
    usual.locator("#filter").press_sequentially("lect")
    assert set(names(usual)) == {name for name in every if "lect" in name}
    assert 0 < len(names(usual)) < len(every)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_the_chips_show_the_rows_of_their_status(usual: Page, by: str) -> None:
    clips = rows(run("usual").clips)

    def press(status: str, expected: str) -> None:
        chip = usual.locator(f"button.chip[data-status='{status}']")
        if by == "mouse":
            chip.click()
        else:
            chip.press("Space")
        expect(chip).to_have_attribute("aria-pressed", expected)

    def assert_shown(*statuses: str, words: str = "") -> None:
        expected = {clip["clip"] for clip in clips if clip["status"] in statuses and words in clip["clip"]}
        assert expected
        assert set(names(usual)) == expected
        expect(usual.locator("#shown")).to_have_text(f"{len(expected)} of {len(clips)} clips")

    press("failed", "true")
    assert_shown("failed")
    press("done", "true")
    assert_shown("failed", "done")
    usual.locator("#filter").fill("team")
    assert_shown("failed", "done", words="team")
    press("failed", "false")
    assert_shown("done", words="team")
    usual.locator("#filter").fill("")
    press("done", "false")
    assert_shown("done", "resumed", "skipped", "failed")


def test_sorting_keeps_the_choice(usual: Page) -> None:
    usual.locator("button.chip[data-status='done']").click()
    chosen = set(names(usual))
    usual.locator("#clips th button[data-sort='fps']").click()
    assert set(names(usual)) == chosen
    assert_sorted(values(usual, "fps"), descending=False)


def test_the_order_to_begin_with_comes_back(usual: Page) -> None:
    first = names(usual)
    usual.locator("#clips th button[data-sort='clip']").click()
    assert names(usual) != first
    usual.locator("#worst").click()
    assert names(usual) == first
    assert sorting(usual) == {}


def test_the_clips_shown_of_a_thousand_are_sorted_and_filtered(opened: Open) -> None:
    page = opened("thousand")
    every = rows(run("thousand").clips)
    every = [every[i]["clip"] for i in worst_first(every)][:SHOWN_MAX]
    for column, presses in (("fps", 1), ("ssim_ref_after", 2)):
        for _ in range(presses):
            page.locator(f"#clips th button[data-sort='{column}']").click()
        found = values(page, column)
        assert len(found) == SHOWN_MAX
        assert_sorted(found, descending=presses == 2)
    page.locator("#filter").fill("seminar")
    expected = {name for name in every if "seminar" in name}
    assert set(names(page)) == expected
    assert 50 < len(expected) < 150
    expect(page.locator("#shown")).to_have_text(f"{len(expected)} of {SHOWN_MAX} clips")
    assert_sorted(values(page, "ssim_ref_after"), descending=True)


def test_names_from_outside_are_text(opened: Open) -> None:
    page = opened("hostile")
    clips = rows(run("hostile").clips)
    scripts = page.locator("script").count()
    assert [clip["clip"] for clip in clips[: len(HOSTILE)]] == list(HOSTILE)
    for index, name in enumerate(HOSTILE):
        button = page.locator(f"#clips tr[data-clip-index='{index}'] button.open")
        assert button.text_content() == name
        assert style(button.locator(":scope > *"), "unicodeBidi") == "isolate"
        page.locator("#filter").fill(name.replace("\n", " ")[:20])
        assert name in names(page) or "\n" in name
        page.locator("#filter").fill("")
        button.click()
        title = page.locator("#details h2")
        expect(title).to_be_visible()
        assert title.text_content() == name
        page.keyboard.press("Escape")
        expect(page.locator("#details")).to_be_hidden()
    failed = [clip["clip"] for clip in clips if clip["status"] == "failed"]
    assert set(failed) & set(HOSTILE)
    for name in failed:
        assert name in (page.locator("#failures").text_content() or "")
    assert page.locator("script").count() == scripts
    assert page.locator("img:not([src^='data:image/'])").count() == 0


# ---- Details ----


@pytest.mark.parametrize("closed_by", ["Escape", ".close"])
def test_details_open_and_close(opened: Open, closed_by: str) -> None:
    page = opened("usual", reduced_motion="no-preference")
    details = page.locator("#details")
    for nth, by in enumerate(("mouse", "Enter", "Space"), 3):
        button = page.locator("#clips tbody tr").nth(nth).locator("button.open")
        if by == "mouse":
            button.click()
        else:
            button.press(by)
        expect(details).to_be_visible()
        expect(details.get_by_role("heading", name=button.text_content() or "", exact=True)).to_be_visible()
        assert details.evaluate("details => details.contains(document.activeElement)")
        if closed_by == "Escape":
            page.keyboard.press("Escape")
        else:
            details.locator(".close").click()
        expect(details).to_be_hidden()
        expect(button).to_be_focused()


@pytest.mark.parametrize("nth", [3, 4])
def test_a_clip_opens_in_the_moment_in_which_another_one_or_itself_was_closed(usual: Page, nth: int) -> None:
    """The browser tells of a dialog that closes some time later."""
    details, buttons = usual.locator("#details"), usual.locator("#clips tbody tr button.open")
    buttons.nth(3).click()
    expect(details).to_be_visible()
    usual.evaluate(
        """nth => {
            document.querySelector("#details .close").click();
            document.querySelectorAll("#clips tbody tr button.open")[nth].click();
        }""",
        nth,
    )
    usual.wait_for_timeout(300)
    expect(details).to_be_visible()
    expect(details.get_by_role("heading", name=buttons.nth(nth).text_content() or "", exact=True)).to_be_visible()


def test_the_address_says_which_clip_is_open(opened: Open, usual: Page) -> None:
    button = open_first(usual)
    name = button.text_content() or ""
    fragment = usual.evaluate("location.hash")
    assert fragment
    page = opened("usual", fragment)
    expect(page.locator("#details h2")).to_have_text(name)
    expect(page.locator("#details")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#details")).to_be_hidden()
    assert page.evaluate("location.hash") == ""
    usual.go_back()
    expect(usual.locator("#details")).to_be_hidden()


@pytest.mark.parametrize("fragment", ["#clip-24", "#clip-1e0", "#%3Cscript%3E"])
def test_an_address_of_nothing_opens_nothing(opened: Open, fragment: str) -> None:
    page = opened("usual", fragment)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#details")).to_be_hidden()


def test_a_failure_opens_its_clip(usual: Page) -> None:
    failed = next(clip for clip in rows(run("usual").clips) if clip["status"] == "failed")
    usual.locator("#failures").get_by_role("button", name=failed["clip"], exact=True).click()
    expect(usual.locator("#details h2")).to_have_text(failed["clip"])
    expect(usual.locator("#details").get_by_text(failed["error"], exact=True)).to_be_visible()
    expect(usual.locator("#slider")).to_be_hidden()


@pytest.mark.parametrize(("look", "name"), [(None, None), (0.0, "natural"), (0.5, "0.5"), (1.0, "crisp")])
def test_a_clip_says_its_look_where_its_student_has_two(opened: Open, look: float | None, name: str | None) -> None:
    clips = rows(run("usual").clips)
    index = next(i for i, clip in enumerate(clips) if clip["status"] == "done" and clip["look"] == look)
    facts = opened("usual", f"#clip-{index}").locator("#details .facts div")
    expect(facts.filter(has_text="Strength").first).to_be_visible()
    assert facts.filter(has_text=re.compile("^Look")).all_inner_texts() == ([] if name is None else [f"Look\n{name}"])


@pytest.mark.parametrize("chroma", [None, "keep", "restore"])
def test_a_clip_says_what_became_of_its_chroma(opened: Open, chroma: str | None) -> None:
    clips = rows(run("usual").clips)
    index = next(i for i, clip in enumerate(clips) if clip["status"] == "done" and clip["chroma"] == chroma)
    facts = opened("usual", f"#clip-{index}").locator("#details .facts div")
    expect(facts.filter(has_text="Strength").first).to_be_visible()
    said = facts.filter(has_text=re.compile("^Chroma")).all_inner_texts()
    assert said == ([] if chroma is None else [f"Chroma\n{chroma}"])


def test_next_and_previous_follow_the_table_as_it_is_shown(usual: Page) -> None:
    usual.locator("button.chip[data-status='done']").click()
    usual.locator("#clips th button[data-sort='fps']").click()
    listed = names(usual)
    usual.locator("#clips tbody button.open:visible").first.click()
    title = usual.locator("#details h2")
    for press, nth in ((".next", 1), (".next", 2), (".previous", 1)):
        usual.locator(f"#details {press}").click()
        expect(title).to_have_text(listed[nth] or "")
    usual.keyboard.press("Escape")
    expect(usual.locator("#clips tbody tr").filter(has_text=listed[1] or "").locator(".open")).to_be_focused()


def test_plots_are_drawn(usual: Page) -> None:
    overview = usual.locator("#distributions canvas").all()
    assert len(overview) >= 4
    open_first(usual)
    of_clip = usual.locator("#details canvas").all()
    assert len(of_clip) >= 4
    for canvas in of_clip:
        eventually(lambda canvas=canvas: inked(canvas) > 0.01)
    usual.keyboard.press("Escape")
    expect(usual.locator("#details")).to_be_hidden()
    for canvas in overview:
        eventually(lambda canvas=canvas: inked(canvas) > 0.01)


def test_all_can_be_reached_by_keyboard(usual: Page) -> None:
    def walk(steps: int) -> dict[str, str]:
        seen: dict[str, str] = {}
        for _ in range(steps):
            usual.keyboard.press("Tab")
            name, outline = usual.evaluate(FOCUS)
            seen.setdefault(name, outline)
        return seen

    seen = walk(30 + len(COLUMNS) + len(run("usual").clips))
    wanted = {"#theme", "#filter", "status=failed", *(f"sort={column}" for column in COLUMNS), ".open"}
    assert wanted <= set(seen)
    assert {seen[name] for name in wanted} == {"solid"}
    assert "SUMMARY" in seen

    open_first(usual)
    wanted = {"#slider", ".close", "view=whole", "view=spot", "SUMMARY", *(f"zoom={zoom}" for zoom in ZOOMS)}
    seen = walk(40)
    assert wanted <= set(seen)
    assert {seen[name] for name in wanted} == {"solid"}
    usual.locator("#slider").focus()
    usual.keyboard.press("Tab")
    expect(usual.locator("#slider")).not_to_be_focused()
    usual.keyboard.press("Shift+Tab")
    expect(usual.locator("#slider")).to_be_focused()
    usual.keyboard.press("Escape")
    expect(usual.locator("#details")).to_be_hidden()


# ---- Pictures: divider, zoom, view ----


def picture(page: Page) -> dict[str, float]:
    """Where the picture is, in window coordinates; both pictures always lie in the same place."""
    left, right = page.locator("#before-layer img, #after-layer img").evaluate_all(PLACES)
    assert left == right
    return left


def share_right(page: Page, left: tuple[int, int, int] = BLUE, right: tuple[int, int, int] = ORANGE) -> float:
    """The share of the picture on the screen that shows the right one of the two, by their colours."""
    seen = pixels(page.locator("#viewer")).astype(int)
    at_left, at_right = ((np.abs(seen - colour).max(axis=2) < 25).any(axis=0) for colour in (left, right))
    if at_left.any() and at_right.any():
        assert np.flatnonzero(at_left).max() < np.flatnonzero(at_right).min()
    return float(at_right.sum() / (at_left.sum() + at_right.sum()))


def clip_path(page: Page) -> str:
    return style(page.locator("#after-layer"), "clipPath")


def test_the_divider_moves_by_mouse(details: Page) -> None:
    slider = details.locator("#slider")
    assert share_right(details) == pytest.approx(0.5, abs=0.02)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    before = clip_path(details)
    details.mouse.move(box["x"] + box["width"] / 2, middle)
    details.mouse.down()
    for share in (0.4, 0.3, 0.25):
        details.mouse.move(box["x"] + share * box["width"], middle)
    details.mouse.up()
    assert int(slider.input_value()) == pytest.approx(25, abs=2)
    assert clip_path(details) != before
    assert share_right(details) == pytest.approx(1 - int(slider.input_value()) / 100, abs=0.02)


def test_the_divider_moves_by_dragging_it_in_the_picture(details: Page) -> None:
    details.locator("[data-zoom='1']").click()
    box = picture(details)
    middle = box["y"] + box["height"] / 2
    details.mouse.move(box["x"] + box["width"] / 2, middle)
    details.mouse.down()
    details.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=4)
    details.mouse.up()
    assert int(details.locator("#slider").input_value()) == pytest.approx(80, abs=1)
    assert share_right(details) == pytest.approx(0.2, abs=0.02)


def test_the_divider_moves_by_keyboard(details: Page) -> None:
    slider = details.locator("#slider")
    slider.focus()
    seen = [clip_path(details)]
    presses = {"ArrowRight": 51, "ArrowDown": 50, "ArrowLeft": 49, "PageUp": 59, "End": 100, "Home": 0}
    for key, expected in presses.items():
        details.keyboard.press(key)
        assert int(slider.input_value()) == expected
        assert clip_path(details) != seen[-1]
        seen.append(clip_path(details))
        assert share_right(details) == pytest.approx(1 - expected / 100, abs=0.02)


@pytest.mark.parametrize(("view", "by"), [("whole", "mouse"), ("spot", "keyboard")])
def test_zoom_enlarges_every_pixel_alike(details: Page, view: str, by: str) -> None:
    details.locator(f"[data-view='{view}']").click()
    details.locator("[data-zoom='1']").click()
    first = picture(details)
    assert first["width"] == (SPOT if view == "spot" else WHOLE)[0]
    for zoom in ZOOMS:
        button = details.locator(f"[data-zoom='{zoom}']")
        if by == "mouse":
            button.click()
        else:
            button.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
        assert details.locator("[data-zoom][aria-pressed='true']").count() == 1
        now = picture(details)
        assert (now["width"], now["height"]) == pytest.approx((zoom * first["width"], zoom * first["height"]), abs=1)
        for layer in ("before", "after"):
            assert style(details.locator(f"#{layer}-layer img"), "imageRendering") == "pixelated"
        assert_crisp(details, zoom)


def assert_crisp(page: Page, zoom: int) -> None:
    """Lines of one pixel are exactly `zoom` wide on the screen, and nothing has a colour in between."""
    page.locator("#slider").fill("0")
    seen = pixels(page.locator("#viewer"))
    known = [np.all(seen == colour, axis=2) for colour in (ORANGE, WHITE)]
    inside = np.argwhere(known[0])
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0)
    # Without the handle on the left, the label at the top, and the round corners.
    down, across = slice(top + (bottom - top) * 3 // 5, bottom - 20), slice(left + (right - left) // 5, right - 20)
    assert np.logical_or(*known)[down, across].all()
    white = known[1][down, across]
    for lines in (white.all(axis=0), white.all(axis=1)):
        stretches = [(bool(is_line), len(list(stretch))) for is_line, stretch in groupby(lines)][1:-1]
        assert {length for is_line, length in stretches if is_line} == {zoom}
        assert {length for is_line, length in stretches if not is_line} <= {(GRID_PX - 1) * zoom}


def test_the_view_changes_between_whole_and_spot(details: Page) -> None:
    for view, size in (("whole", WHOLE), ("spot", SPOT)):
        button = details.locator(f"[data-view='{view}']")
        button.press("Space")
        expect(button).to_have_attribute("aria-pressed", "true")
        assert details.locator("[data-view][aria-pressed='true']").count() == 1
        for layer in ("before", "after"):
            image = details.locator(f"#{layer}-layer img")
            eventually(lambda image=image: image.evaluate("image => image.complete && image.naturalWidth > 0"))
            assert tuple(image.evaluate("image => [image.naturalWidth, image.naturalHeight]")) == size
        assert share_right(details) == pytest.approx(0.5, abs=0.02)


def test_any_two_of_three_pictures_are_compared(details: Page) -> None:
    for pair, left, right in (
        ("before reference", BLUE, GREEN),
        ("after reference", ORANGE, GREEN),
        ("before after", BLUE, ORANGE),
    ):
        button = details.locator(f"[data-pair='{pair}']")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        eventually(lambda left=left, right=right: share_right(details, left, right) == pytest.approx(0.5, abs=0.02))


def test_an_enlarged_picture_is_moved_by_mouse_and_by_keyboard(details: Page) -> None:
    details.locator("[data-zoom='8']").click()
    details.locator("#slider").fill("75")
    first = picture(details)
    window = details.locator("#pan").bounding_box()
    assert window is not None
    x, y = window["x"] + window["width"] / 4, window["y"] + window["height"] / 4
    details.mouse.move(x, y)
    details.mouse.down()
    details.mouse.move(x - 100, y + 60, steps=5)
    details.mouse.up()
    dragged = picture(details)
    assert (dragged["x"], dragged["y"]) == pytest.approx((first["x"] - 100, first["y"] + 60), abs=2)
    eventually(lambda: share_right(details) == pytest.approx(0.25, abs=0.02))
    details.locator("#pan").press("ArrowRight")
    eventually(lambda: picture(details)["x"] < dragged["x"] - 10)
    eventually(lambda: share_right(details) == pytest.approx(0.25, abs=0.02))
