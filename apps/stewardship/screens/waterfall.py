"""The evidence of a pair as a waterfall: each comparison's bar starts where the one before it ended.

Geometry is made here in the chart's own units, since a page's policy allows no inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from apps.engine.explain import PairExplanation, say_bits
from apps.stewardship.screens.words import say_odds, say_score

__all__ = ["Bar", "Waterfall", "build_waterfall", "say_bits"]

WIDTH: Final = 240
_MARGIN: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: its title, the sentence, what rarity adds, the weight in words and bits, and its place on the axis."""

    title: str
    sentence: str
    rarity: str
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


def build_waterfall(pair: PairExplanation) -> Waterfall:
    """Return the waterfall of an explained pair: the prior, each step that weighs, and the total."""
    review, link = pair.thresholds.review, pair.thresholds.link
    ends = [pair.prior]
    for step in pair.steps:
        ends.append(ends[-1] + step.millibits)
    axis = _Axis([0, *ends, review, link])
    bars = [_bar("Start", "Any two of the records that are compared", (0, pair.prior), axis)]
    bars += [
        _bar(_capital(step.title), _capital(step.sentence), ends_of_step, axis, step.rarity)
        for step, ends_of_step in zip(pair.steps, pairwise(ends), strict=True)
    ]
    silent = [c for c in pair.contributions if not c.is_joint and not c.millibits]
    return Waterfall(
        bars=tuple(bars),
        not_given=tuple(_capital(c.title) for c in silent if c.label == "missing"),
        no_weight=tuple(_capital(c.sentence) for c in silent if c.label != "missing"),
        score_word=say_score(pair.score),
        score_bits=say_bits(pair.score),
        review_bits=say_bits(review),
        link_bits=say_bits(link),
        review_x=axis.at(review),
        link_x=axis.at(link),
        total_x=axis.at(pair.score),
        zero_x=axis.at(0),
        tone="agree" if pair.score >= 1_000 else "conflict" if pair.score <= -1_000 else "partial",
    )


class _Axis:
    """Millibits to chart units, so that every mark lies inside the box."""

    def __init__(self, marks: Sequence[int]) -> None:
        self.low = min(marks)
        self.scale = (WIDTH - 2 * _MARGIN) / max(max(marks) - self.low, 1)

    def at(self, millibits: int) -> float:
        return round(_MARGIN + (millibits - self.low) * self.scale, 1)


def _bar(title: str, sentence: str, ends: tuple[int, int], axis: _Axis, rarity: int = 0) -> Bar:
    start, end = ends
    left, right = sorted((axis.at(start), axis.at(end)))
    return Bar(
        title=title,
        sentence=sentence,
        rarity=_say_rarity(rarity),
        weight=say_odds(end - start),
        bits=say_bits(end - start),
        tone="agree" if end > start else "conflict" if end < start else "missing",
        x=left,
        width=round(max(right - left, 1.5), 1),
        end=axis.at(end),
    )


def _say_rarity(millibits: int) -> str:
    if not millibits:
        return ""
    return f"{say_bits(millibits)} of it because the value is {'rare' if millibits > 0 else 'common or shared'}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
