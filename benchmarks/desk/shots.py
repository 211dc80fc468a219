"""Pictures of every screen and state: both themes, three widths."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page

from benchmarks.desk.asking import UnexpectedPageError
from benchmarks.desk.browsing import Eyes
from benchmarks.desk.scenes import Scene

WIDTHS: Final = {"desktop": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
THEMES: Final[tuple[Literal["light"], Literal["dark"]]] = ("light", "dark")
SETTLES: Final = 600
"""Milliseconds until what a press asks for has come."""


def take_pictures(eyes: Eyes, scenes: Sequence[Scene], folder: Path) -> Iterator[Path]:
    """Save a picture of each scene per width and theme as SCENE-WIDTH-THEME.png; yield each file.

    Raises UnexpectedPageError where a page answers otherwise than its scene says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in WIDTHS.items():
        for theme in THEMES:
            for as_stranger in (True, False):
                shown = [scene for scene in scenes if scene.as_stranger is as_stranger]
                with eyes.page(width=width, height=height, theme=theme, as_stranger=as_stranger) as page:
                    for scene in shown:
                        _play(page, eyes.root, scene)
                        path = folder / f"{scene.name}-{size}-{theme}.png"
                        page.screenshot(path=path)
                        yield path


def _play(page: Page, root: str, scene: Scene) -> None:
    """Open a scene and do what it says; an act that finds nothing to act on leaves the page as it is."""
    answer = page.goto(root + scene.path, wait_until="networkidle")
    if answer is None or answer.status != scene.status:
        raise UnexpectedPageError(f"{scene.path} answered {answer and answer.status}")
    for act in scene.acts:
        kind, _, what = act.partition(" ")
        if kind == "press":
            page.keyboard.press(what)
        elif kind == "type":
            page.keyboard.type(what)
        elif page.locator(what).count():
            page.locator(what).first.click()
        page.wait_for_timeout(SETTLES)
        page.wait_for_load_state("networkidle")
