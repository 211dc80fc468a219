"""Learning weights from labelled pairs, and keeping what is learned only where it proves better.

A part of the labels is held out by party. What is learned replaces the present weights only where it predicts the held
out part clearly better, and links about as many candidate pairs as before: labels from few and biased pairs once
taught weights that looked right and found a quarter of the true pairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from apps.engine.rules import RuleSet, overlay_weights
from apps.engine.score.counting import count_weights
from apps.engine.score.self_supervision import Flags, Ints, Levels
from apps.engine.score.train import LabelledPairs, learn_weights

Model = Literal["additive", "fellegi_sunter"]
PULL = 5.0
"""Pairs' worth per squared nat by which the additive model's weights are drawn towards the present ones: more than for
labels that people gave, since identifiers label few pairs, and not quite a random choice of them."""
LEAST_OF_EACH = 500
"""Labels wanted of each answer."""
LEAST_PARTIES = 200
"""Parties wanted behind the labels "same": pairs of one party stand or fall together."""
LEAST_SHOWN = 50
"""Labels that must show a comparison or joint, other than as missing, before its weights may move."""
HELD_OUT = 0.3
MARGIN = 0.02
"""Share of the held-out loss by which what is learned must be better."""
LINKED_WITHIN = (0.8, 1.25)
"""By which factor the share of candidate pairs above the link threshold may change."""
SHARE_WITHIN = (0.5, 2.0)
"""By which factor the share of labels "same" may differ from the share that the rules expect of all candidate pairs."""
SEED = 20
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lessons:
    """Labelled pairs to learn from, and levels of candidate pairs drawn at random.

    `parties` numbers the party behind each label, `by` says which comparison labelled it, into `labellers`. `crowd`
    has a column per comparison and joint, as the labelled pairs' levels have. `choose_themselves` says that the labels
    are not of a random choice of pairs, but of those that happen to hold an identifier each.
    """

    labelled: LabelledPairs
    parties: Ints
    by: Ints
    labellers: Sequence[str]
    crowd: Levels
    choose_themselves: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many labels one labeller gave of each answer."""

    same: int
    different: int


@dataclass(frozen=True)
class Lesson:
    """What was learned: a weights document where it holds, else None, and the reasons in sentences.

    Losses are mean bits of surprise at held-out labels, under the present weights and under the learned ones; shares
    are of candidate pairs that reach the link threshold. All four are None where nothing was fitted.
    """

    model: Model
    weights: dict[str, Any] | None
    evidence: Mapping[str, Evidence]
    parties: int
    reasons: Sequence[str]
    loss_before: float | None = None
    loss_after: float | None = None
    linked_before: float | None = None
    linked_after: float | None = None
    unmoved: Sequence[str] = field(default_factory=tuple)

    @property
    def accepted(self) -> bool:
        """Say whether the learned weights hold."""
        return self.weights is not None


def learn(lessons: Lessons, rules: RuleSet, model: Model = "additive") -> Lesson:
    """Fit the model to the lessons, test it on those held out, and return what came of it.

    The result is a function of lessons and rules; what is held out is drawn with a fixed seed.
    """
    labelled = lessons.labelled
    evidence = _evidence(lessons)
    parties = len(np.unique(lessons.parties[labelled.labels]))
    reasons = _too_thin(labelled.labels, parties)
    if not reasons and lessons.choose_themselves:
        expected = _expected_share(lessons.crowd, rules)
        reasons = _too_odd(_share(labelled), expected)
        labelled = weighed_to(expected, labelled)
    if reasons:
        return Lesson(model, None, evidence, parties, reasons)
    held_out = _held_out(lessons.parties)
    training, testing = _take(labelled, ~held_out), _take(labelled, held_out)
    if not _has_both(training) or not _has_both(testing):
        reason = "The labels belong to too few separate parties to hold a part of them out."
        return Lesson(model, None, evidence, parties, [reason])
    visible, unmoved = _well_shown(training, rules)
    document = learn_weights(visible, rules, pull=PULL) if model == "additive" else count_weights(visible, rules)
    learned = RuleSet.from_document(overlay_weights(rules.to_document(), document))
    losses = log_loss(testing, rules), log_loss(testing, learned)
    linked = _linked(lessons.crowd, rules), _linked(lessons.crowd, learned)
    reasons = _objections(losses, linked)
    return Lesson(
        model,
        None if reasons else document,
        evidence,
        parties,
        reasons or [_praise(losses, linked)],
        *losses,
        *linked,
        unmoved=unmoved,
    )


def weighed_to(share: float, pairs: LabelledPairs) -> LabelledPairs:
    """Return the pairs weighed so that this share of them is one party; both kinds must be there.

    Identifiers tell how pairs of one party look, not how many there are: they label more of the one than of the other.
    """
    found = _share(pairs)
    factors = np.where(pairs.labels, share / found, (1 - share) / (1 - found))
    return replace(pairs, weights=pairs.weights * factors)


def log_loss(pairs: LabelledPairs, rules: RuleSet) -> float:
    """Return the mean surprise in bits at the labels, each counted by its weight."""
    bits = _scores(pairs.levels, rules) / 1000
    surprise = np.logaddexp2(0, np.where(pairs.labels, -bits, bits))
    return float(np.average(surprise, weights=pairs.weights))


def _scores(levels: Levels, rules: RuleSet) -> Ints:
    scores = np.full(len(levels), rules.prior, dtype=np.int64)
    for column, entry in enumerate(rules.weighed):
        scores += np.array(entry.millibits, dtype=np.int64)[levels[:, column]]
    return scores


def _share(pairs: LabelledPairs) -> float:
    return float(np.average(pairs.labels, weights=pairs.weights))


def _expected_share(levels: Levels, rules: RuleSet) -> float:
    """Return the share of the pairs that is one party, as the rules' probabilities say."""
    return float(np.mean(1 / (1 + np.exp2(-_scores(levels, rules) / 1000))))


def _linked(levels: Levels, rules: RuleSet) -> float:
    return float(np.mean(_scores(levels, rules) >= rules.thresholds.link)) if len(levels) else 0.0


def _evidence(lessons: Lessons) -> dict[str, Evidence]:
    same = lessons.labelled.labels
    return {
        name: Evidence(
            int(np.count_nonzero(same & (lessons.by == place))), int(np.count_nonzero(~same & (lessons.by == place)))
        )
        for place, name in enumerate(lessons.labellers)
    }


def _too_thin(same: Flags, parties: int) -> list[str]:
    """Return what the evidence lacks, in sentences."""
    positives = int(np.count_nonzero(same))
    negatives = len(same) - positives
    counts = (("same", positives), ("different", negatives))
    reasons = [
        f'There are {count:,} labels "{answer}"; learning needs {LEAST_OF_EACH:,}.'
        for answer, count in counts
        if count < LEAST_OF_EACH
    ]
    if parties < LEAST_PARTIES:
        reasons.append(f'The labels "same" come from {parties:,} parties; learning needs {LEAST_PARTIES:,}.')
    return reasons


def _too_odd(share: float, expected: float) -> list[str]:
    """Return in a sentence that the labelled pairs are unlike the rest, where they are."""
    least, most = SHARE_WITHIN
    if least * expected <= share <= most * expected:
        return []
    sentence = (
        f'{share:.1%} of the labels say "same", where the present weights expect {expected:.1%} of the candidate pairs'
        " to be: the records that hold identifiers are unlike the rest."
    )
    return [sentence]


def _held_out(parties: Ints) -> Flags:
    """Draw the parties whose labels are held out. The numbers of parties are ranked first, so any numbers do."""
    numbers, at = np.unique(parties, return_inverse=True)
    drawn = np.random.default_rng(SEED).permutation(len(numbers)) < HELD_OUT * len(numbers)
    held_out: Flags = drawn[at]
    return held_out


def _take(pairs: LabelledPairs, chosen: Flags) -> LabelledPairs:
    return LabelledPairs(pairs.levels[chosen], pairs.labels[chosen], pairs.weights[chosen])


def _has_both(pairs: LabelledPairs) -> bool:
    return bool(pairs.labels.any() and not pairs.labels.all())


def _well_shown(pairs: LabelledPairs, rules: RuleSet) -> tuple[LabelledPairs, tuple[str, ...]]:
    """Return the pairs without what too few of them show, and its names: where nothing is seen, no weight moves."""
    thin = (pairs.levels != 0).sum(axis=0) < LEAST_SHOWN
    names = tuple(entry.name for entry, is_thin in zip(rules.weighed, thin.tolist(), strict=True) if is_thin)
    return replace(pairs, levels=np.where(thin, np.uint8(0), pairs.levels)), names


def _objections(losses: tuple[float, float], linked: tuple[float, float]) -> list[str]:
    """Return why what was learned doesn't hold, in sentences."""
    reasons = []
    (before, after), (least, most) = losses, LINKED_WITHIN
    if after > before * (1 - MARGIN):
        reasons.append(
            f"Held-out labels surprise the learned weights by {after:.4f} bits, the present ones by {before:.4f}: not"
            f" at least {MARGIN:.0%} less."
        )
    if not least * linked[0] <= linked[1] <= most * linked[0]:
        reasons.append(
            f"The learned weights would link {linked[1]:.1%} of the candidate pairs, the present ones link"
            f" {linked[0]:.1%}: labels that few pairs carry may not move so many."
        )
    return reasons


def _praise(losses: tuple[float, float], linked: tuple[float, float]) -> str:
    return (
        f"Held-out labels surprise the learned weights by {losses[1]:.4f} bits, the present ones by {losses[0]:.4f};"
        f" {linked[1]:.1%} of the candidate pairs would link, {linked[0]:.1%} do now."
    )
