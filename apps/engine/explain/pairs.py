"""A pair explained as a sum that a person can read: prior, what each comparison adds, total and thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from apps.engine.compare import compare
from apps.engine.compare.phrases import Tone, phrase_of
from apps.engine.records import Evidence
from apps.engine.rules import Comparison, RuleSet, Thresholds
from apps.engine.score import score
from apps.engine.statistics import Statistics

Parts = Mapping[str, str]
Outcome = Literal["link", "review", "keep", "none"]
NEUTRAL_RARITY = "uncommon"
"""Words of this rarity weigh what their agreement weighs; rarer and commoner ones weigh more or less than it."""
LITTLE = 250
"""Millibits below which a sentence says that an outcome tells little."""
LEAST_JOINT = 500
"""Millibits from which a joint is told apart; the smaller ones of a pair are told as one sum."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one comparison, or a joint of two, adds to a pair's score.

    `millibits` holds `rarity`, the part that is due to how rare or how widely shared the agreeing value is. The
    sentence of an outcome that speaks against its looks, or hardly at all, says so.
    """

    comparison: str
    title: str
    label: str
    sentence: str
    millibits: int
    rarity: int
    is_joint: bool


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """Why a pair scores as it does: `score` is `prior` plus the contributions' millibits, in the rule set's order."""

    prior: int
    contributions: tuple[Contribution, ...]
    score: int
    thresholds: Thresholds
    outcome: Outcome

    @property
    def steps(self) -> tuple[Contribution, ...]:
        """What there is to tell: every contribution that weighs, but the small joints as one; with the same sum."""
        weighing = [c for c in self.contributions if c.millibits]
        small = [c for c in weighing if c.is_joint and abs(c.millibits) < LEAST_JOINT]
        rest = sum(c.millibits for c in small)
        told = [c for c in weighing if c not in small]
        return tuple(told) if not rest else (*told, _sum_of_small(small, rest))


def explain_pair(a: Parts, b: Parts, rules: RuleSet, statistics: Statistics) -> PairExplanation:
    """Return the explanation of two standard records' score; symmetric but for the order of values in sentences."""
    return explain_evidence(compare(a, b, rules, statistics), rules)


def explain_evidence(evidence: Sequence[Evidence], rules: RuleSet) -> PairExplanation:
    """Return the explanation of a pair whose evidence is known already."""
    total = score(evidence, rules)
    plain = {comparison.name: comparison for comparison in rules.comparisons}
    titles = {weighed.name: weighed.title for weighed in rules.weighed}
    return PairExplanation(
        prior=rules.prior,
        contributions=tuple(_contribution(piece, plain.get(piece.comparison), titles) for piece in evidence),
        score=total,
        thresholds=rules.thresholds,
        outcome=outcome_of(total, rules.thresholds),
    )


def outcome_of(score: int, thresholds: Thresholds) -> Outcome:
    """Return the name of the highest threshold that a score reaches; none below all."""
    if score >= thresholds.link:
        return "link"
    if score >= thresholds.review:
        return "review"
    return "keep" if score >= thresholds.keep else "none"


def _contribution(piece: Evidence, comparison: Comparison | None, titles: Mapping[str, str]) -> Contribution:
    return Contribution(
        comparison=piece.comparison,
        title=titles[piece.comparison],
        label=piece.label,
        sentence=_sentence(piece) if comparison else piece.sentence,
        millibits=piece.millibits,
        rarity=_rarity(comparison, piece.level) if comparison else 0,
        is_joint=comparison is None,
    )


def _sentence(piece: Evidence) -> str:
    tone, _ = phrase_of(piece.label, "")
    if not piece.millibits or "shared" in piece.label:
        return piece.sentence
    if abs(piece.millibits) < LITTLE:
        return f"{piece.sentence}; tells little"
    if tone is Tone.AGREES and piece.millibits < 0:
        return f"{piece.sentence}; different ones share it just as often"
    if tone is Tone.DIFFERS and piece.millibits > 0:
        return f"{piece.sentence}; one and the same often has several"
    return piece.sentence


def _rarity(comparison: Comparison, level: int) -> int:
    """Return how much a level weighs beyond the same agreement of neutral rarity, or of a value nobody shares."""
    agreement, comma, _ = comparison.labels[level].partition(", ")
    for neutral in (f"{agreement}, {NEUTRAL_RARITY}", agreement):
        if comma and neutral in comparison.labels:
            return comparison.millibits[level] - comparison.millibits[comparison.labels.index(neutral)]
    return 0


def _sum_of_small(joints: list[Contribution], millibits: int) -> Contribution:
    titles = ", ".join(joint.title for joint in joints)
    return Contribution(
        "together",
        "taken together",
        "together",
        f"Smaller effects of facts seen together: {titles}",
        millibits,
        0,
        True,
    )
