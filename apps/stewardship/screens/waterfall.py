"""The evidence of a pair as a waterfall: each comparison's bar starts where the one before it ended.

Geometry is made here in the chart's own units, since a page's policy allows no inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.engine.records import Evidence
from apps.engine.rules import RuleSet
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


def build_waterfall(evidence: Sequence[Evidence], *, rules: RuleSet, score: int) -> Waterfall:
    """Return the waterfall of a pair; `score`, in millibits, is the rule set's prior plus the evidence.

    Joints of two comparisons are one step at the end: what the fields say together beyond what each says.
    """
    plain = {comparison.name for comparison in rules.comparisons}
    prior, review, link = rules.prior, rules.thresholds.review, rules.thresholds.link
    joints = [item for item in evidence if item.comparison not in plain and item.millibits]
    weighing = [item for item in evidence if item.millibits and item.comparison in plain]
    if joints:
        weighing.append(_sum_up(joints))
    ends = [prior]
    for item in weighing:
        ends.append(ends[-1] + item.millibits)
    axis = _Axis([0, *ends, score, review, link])
    bars = [_bar("Start", "Any two of the records that are compared", 0, prior, axis)]
    bars += [
        _bar(title_of(item.comparison), _capital(item.sentence), start, end, axis)
        for item, start, end in zip(weighing, ends, ends[1:], strict=False)
    ]
    return Waterfall(
        bars=tuple(bars),
        not_given=tuple(
            title_of(item.comparison) for item in evidence if item.label == "missing" and item.comparison in plain
        ),
        no_weight=tuple(
            _capital(item.sentence)
            for item in evidence
            if not item.millibits and item.label != "missing" and item.comparison in plain
        ),
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
    tenths = round(abs(millibits) / 100)
    sign = "" if not tenths else "+" if millibits > 0 else "\u2212"
    return f"{sign}{tenths / 10:.1f}"


def _sum_up(joints: Sequence[Evidence]) -> Evidence:
    """Return the joints as one piece of evidence that names each with its bits, the heaviest first."""
    ordered = sorted(joints, key=lambda item: -abs(item.millibits))
    told = ", ".join(f"{title_of(item.comparison).lower()} {say_bits(item.millibits)}" for item in ordered)
    return Evidence("together", 1, "together", sum(item.millibits for item in joints), "", "", f"Seen together: {told}")


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
