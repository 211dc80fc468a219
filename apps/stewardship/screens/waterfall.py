"""The evidence of a pair as a waterfall: each comparison's bar starts where the one before it ended.

Geometry is made here in the chart's own units, since a page's policy allows no inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.engine.records import Evidence
from apps.stewardship.screens.words import say_odds, say_score, title_of

WIDTH: Final = 240
_MARGIN: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: its title, the sentence, the weight in words and bits, and its place on the axis."""

    title: str
    sentence: str
    weight: str
    bits: str
    tone: str
    x: float
    width: float
    end: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The chart, the total in words and bits, and where the two thresholds and the total stand on the axis."""

    bars: tuple[Bar, ...]
    not_given: tuple[str, ...]
    no_weight: tuple[str, ...]
    score_word: str
    score_bits: str
    review_bits: str
    link_bits: str
    review_x: float
    link_x: float
    total_x: float
    zero_x: float
    tone: str
    width: int = WIDTH


def build_waterfall(evidence: Sequence[Evidence], *, prior: int, score: int, review: int, link: int) -> Waterfall:
    """Return the waterfall of a pair; everything is in millibits and `score` is the prior plus the evidence."""
    weighing = [item for item in evidence if item.millibits]
    ends = [prior]
    for item in weighing:
        ends.append(ends[-1] + item.millibits)
    axis = _Axis([0, *ends, score, review, link])
    bars = [_bar("Before looking", "Two records taken at random from those compared", 0, prior, axis)]
    bars += [
        _bar(title_of(item.comparison), _capital(item.sentence), start, end, axis)
        for item, start, end in zip(weighing, ends, ends[1:], strict=False)
    ]
    return Waterfall(
        bars=tuple(bars),
        not_given=tuple(title_of(item.comparison) for item in evidence if item.label == "missing"),
        no_weight=tuple(_capital(item.sentence) for item in evidence if not item.millibits and item.label != "missing"),
        score_word=say_score(score, review=review, link=link),
        score_bits=say_bits(score),
        review_bits=say_bits(review),
        link_bits=say_bits(link),
        review_x=axis.at(review),
        link_x=axis.at(link),
        total_x=axis.at(score),
        zero_x=axis.at(0),
        tone="agree" if score >= link else "partial" if score >= review else "conflict",
    )


def say_bits(millibits: int) -> str:
    """Return a score such as "+1.4", with a true minus sign."""
    sign = "+" if millibits > 0 else "\u2212" if millibits < 0 else ""
    return f"{sign}{abs(millibits) / 1000:.1f}"


class _Axis:
    """Millibits to chart units, so that every mark lies inside the box."""

    def __init__(self, marks: Sequence[int]) -> None:
        self.low = min(marks)
        self.scale = (WIDTH - 2 * _MARGIN) / max(max(marks) - self.low, 1)

    def at(self, millibits: int) -> float:
        return round(_MARGIN + (millibits - self.low) * self.scale, 1)


def _bar(title: str, sentence: str, start: int, end: int, axis: _Axis) -> Bar:
    left, right = sorted((axis.at(start), axis.at(end)))
    return Bar(
        title=title,
        sentence=sentence,
        weight=say_odds(end - start),
        bits=say_bits(end - start),
        tone="agree" if end > start else "conflict" if end < start else "missing",
        x=left,
        width=round(max(right - left, 1.5), 1),
        end=axis.at(end),
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
