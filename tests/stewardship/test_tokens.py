"""The style sheets against the visual language: contrast recomputed, no colour or size outside the list."""

import re
from pathlib import Path

import pytest
from django.conf import settings

STYLES = Path(settings.BASE_DIR) / "apps/stewardship/static/stewardship"
SHEETS = sorted(STYLES.glob("*.css"))
TOKENS = (STYLES / "tokens.css").read_text(encoding="utf-8")
LIGHT, DARK = TOKENS.split("@media (prefers-color-scheme: dark)")
# Size over line height, in px; a mark beside text may keep a line of its own.
TYPE = {(12, 16), (13, 20), (14, 20), (16, 24), (20, 28), (28, 36)}
LIGHT_RATIOS = {"text": 17.6, "muted": 6.8, "accent": 6.8, "edge": 3.9}
DARK_RATIOS = {"text": 15.6, "muted": 8.0, "accent": 8.0, "edge": 4.1}
MEANINGS = ("agree", "partial", "conflict", "missing", "protected", "notice")


def colours(part: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", part))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


THEMES = {"light": (colours(LIGHT), LIGHT_RATIOS), "dark": ({**colours(LIGHT), **colours(DARK)}, DARK_RATIOS)}


@pytest.mark.parametrize("theme", THEMES)
def test_contrast_is_what_the_visual_language_says(theme: str) -> None:
    found, ratios = THEMES[theme]
    measured = {name: contrast(found[name], found["page"]) for name in ratios}
    assert measured == pytest.approx(ratios, abs=0.1)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("meaning", MEANINGS)
def test_every_meaning_is_readable_on_its_tint(theme: str, meaning: str) -> None:
    found, _ = THEMES[theme]
    assert contrast(found[meaning], found[f"{meaning}-tint"]) >= 6.0
    assert contrast(found[f"{meaning}-bar"], found[f"{meaning}-tint"]) >= 3.35


def test_white_is_readable_on_every_badge() -> None:
    found, _ = THEMES["light"]
    assert min(contrast("#ffffff", found[f"hue-{hue}"]) for hue in range(8)) >= 7.25


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_only_listed_sizes_and_weights_of_type_occur(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    sizes = {(int(weight), int(size), int(line)) for weight, size, line in re.findall(r"(\d+) (\d+)px/(\d+)px", text)}
    assert {(size, line) for _, size, line in sizes} <= TYPE
    assert {weight for weight, _, _ in sizes} <= {400, 500, 600}
    assert {int(size) for size in re.findall(r"font-size: (\d+)px", text)} <= {size for size, _ in TYPE}


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.name != "tokens.css"], ids=lambda one: one.name)
def test_colours_are_named_in_the_tokens_alone(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    own = set(re.findall(r":[^;{}]*(#[0-9a-f]{3,8}\b|rgb\([^)]*\)|hsl\([^)]*\))", text, re.IGNORECASE))
    # White on a badge's hue, and the dimmed page behind what is open over it.
    assert own <= {"#fff", "rgb(0 0 0 / .4)"}
