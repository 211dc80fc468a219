"""Pictures of every screen: both themes, three widths."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from benchmarks.desk.asking import Screen, UnexpectedPageError
from benchmarks.desk.browsing import Eyes

WIDTHS: Final = {"desktop": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
THEMES: Final[tuple[Literal["light"], Literal["dark"]]] = ("light", "dark")


def take_pictures(eyes: Eyes, screens: Sequence[Screen], folder: Path) -> Iterator[Path]:
    """Save a picture of each screen's first address per width and theme as SCREEN-WIDTH-THEME.png; yield each file."""
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in WIDTHS.items():
        for theme in THEMES:
            with eyes.page(width=width, height=height, theme=theme) as page:
                for screen in screens:
                    answer = page.goto(eyes.root + screen.paths[0], wait_until="networkidle")
                    if answer is None or answer.status != 200:
                        raise UnexpectedPageError(f"{screen.paths[0]} answered {answer and answer.status}")
                    path = folder / f"{screen.name.replace(', ', '-').replace(' ', '-')}-{size}-{theme}.png"
                    page.screenshot(path=path)
                    yield path
