"""Calibrating scores against known answers: a rescale of all weights and a shift of the prior, no more.

Platt scaling (Platt 1999, with the targets of Lin, Lin & Weng 2007): a logistic regression with the score as its only
variable. A score is a sum, so that two numbers change it by changing the integer tables: each weight times the scale,
and the prior times the scale plus the shift. What is missing still says nothing. Which pairs were judged may depend on
their score without doing harm, because the answer is modelled given the score; it must not depend on anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from apps.engine.rules import RuleSet

LEAST_OF_EACH = 100
"""Judgements wanted of each kind. Below, a calibration can hardly be told from chance (Collins et al. 2016)."""
SCALE_SPREAD = 0.25
"""Standard deviation of the scale around 1 before anything was seen: judged pairs lie in a narrow band of scores, but
the scale acts on all."""
FOLDS = 5
BINS = 10
PER_MILLE = 1000
NATS_PER_MILLIBIT = np.log(2) / 1000
Vector = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class TooFewJudgements(ValueError):
    """There is too little evidence to calibrate by; the message says how much is there and how much is needed."""


class NotCalibratable(ValueError):
    """The scores don't rise with the answers, so no rescale helps."""


@dataclass(frozen=True)
class Judgements:
    """Scores in millibits with the true answers; `units` says which pairs stand or fall together."""

    scores: npt.NDArray[np.int64]
    same: Flags
    units: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse arrays that don't describe the same pairs."""
        if not len(self.scores) == len(self.same) == len(self.units):
            raise ValueError("Scores, answers and units must have one entry per pair.")

    def take(self, chosen: Flags) -> "Judgements":
        """Return some of the judgements."""
        return Judgements(self.scores[chosen], self.same[chosen], self.units[chosen])


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A rescale in thousandths and a shift of the prior in millibits; 1000 and 0 change nothing."""

    scale: int
    shift: int

    def score(self, scores: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the scores adjusted, to the nearest millibit."""
        adjusted: npt.NDArray[np.int64] = np.rint(scores * (self.scale / PER_MILLE) + self.shift).astype(np.int64)
        return adjusted

    def apply(self, rules: RuleSet) -> RuleSet:
        """Return the rules with weights rescaled and prior shifted; thresholds keep their meaning and their place."""

        def weigh(millibits: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(self._rescaled(weight) for weight in millibits)

        return replace(
            rules,
            prior=self._rescaled(rules.prior) + self.shift,
            comparisons=tuple(replace(c, millibits=weigh(c.millibits)) for c in rules.comparisons),
            joints=tuple(replace(j, millibits=weigh(j.millibits)) for j in rules.joints),
        )

    def _rescaled(self, weight: int) -> int:
        sign = -1 if weight < 0 else 1
        return sign * ((abs(weight) * self.scale + PER_MILLE // 2) // PER_MILLE)


@dataclass(frozen=True)
class Calibration:
    """What calibrating would change.

    `before` and `after` are probabilities, one per judgement; those after are each from a fit to the other folds, so
    that the gain is not one of hindsight.
    """

    adjustment: Adjustment
    before: Vector
    after: Vector
    loss_before: float
    loss_after: float

    @property
    def gains(self) -> bool:
        """Say whether judgements that were held out are predicted better after than before."""
        return self.loss_after < self.loss_before


def probabilities(scores: npt.NDArray[np.int64]) -> Vector:
    """Return the probability that each score, in millibits of log-odds, stands for."""
    found: Vector = 1 / (1 + np.exp(-np.clip(scores * NATS_PER_MILLIBIT, -500, 500)))
    return found


def calibrate(judgements: Judgements) -> Calibration:
    """Fit the adjustment and measure it on held-out folds of units.

    Raises TooFewJudgements below `LEAST_OF_EACH` judgements of each answer, NotCalibratable where a higher
    score doesn't make "same" more likely.
    """
    refuse_thin(judgements)
    fold = np.unique(judgements.units, return_inverse=True)[1] % FOLDS
    after = np.empty(len(judgements.scores))
    for held_out in range(FOLDS):
        rest, chosen = judgements.take(fold != held_out), fold == held_out
        after[chosen] = probabilities(fit(rest).score(judgements.scores[chosen]))
    before = probabilities(judgements.scores)
    return Calibration(fit(judgements), before, after, log_loss(before, judgements), log_loss(after, judgements))


def refuse_thin(judgements: Judgements) -> None:
    """Raise TooFewJudgements where a kind of answer is short of what calibrating needs."""
    same = int(np.count_nonzero(judgements.same))
    different = len(judgements.same) - same
    if min(same, different) < LEAST_OF_EACH:
        raise TooFewJudgements(
            f"calibrating needs {LEAST_OF_EACH} judgements of each kind; there are {same:,} same and"
            f" {different:,} different"
        )


def fit(judgements: Judgements) -> Adjustment:
    """Return the adjustment that makes the judgements likeliest; raise NotCalibratable where its scale isn't positive.

    Targets are drawn a little towards the middle, as if one more pair of each kind had been judged either way, and the
    scale a little towards 1.
    """
    yes = int(np.count_nonzero(judgements.same))
    no = len(judgements.same) - yes
    targets = np.where(judgements.same, (yes + 1) / (yes + 2), 1 / (no + 2))
    scores = judgements.scores * NATS_PER_MILLIBIT

    def loss(numbers: Vector) -> tuple[float, Vector]:
        odds = numbers[0] * scores + numbers[1]
        strays = 1 / (1 + np.exp(-np.clip(odds, -500, 500))) - targets
        away = (numbers[0] - 1) / SCALE_SPREAD
        value = float((np.logaddexp(0, odds) - targets * odds).sum() + away * away / 2)
        return value, np.array([strays @ scores + away / SCALE_SPREAD, strays.sum()])

    scale, shift = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    adjustment = Adjustment(round(scale * PER_MILLE), round(shift / NATS_PER_MILLIBIT))
    if adjustment.scale <= 0:
        raise NotCalibratable("higher scores don't go with more pairs that are the same; look at the verdicts first")
    return adjustment


def log_loss(predicted: Vector, judgements: Judgements) -> float:
    """Return the mean surprise in bits at the true answers."""
    sure = np.clip(np.where(judgements.same, predicted, 1 - predicted), 1e-12, 1)
    return float(-np.log2(sure).mean())


@dataclass(frozen=True, slots=True)
class Bin:
    """Judgements whose predicted probability lies in [low, high): their number, mean prediction and share of same."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def reliability(predicted: Vector, judgements: Judgements) -> list[Bin]:
    """Return the reliability curve: ten bins of equal width, empty ones left out (Murphy & Winkler 1977)."""
    place = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    bins = []
    for number in np.unique(place).tolist():
        inside = place == number
        mean, share = float(predicted[inside].mean()), float(judgements.same[inside].mean())
        bins.append(Bin(number / BINS, (number + 1) / BINS, int(np.count_nonzero(inside)), mean, share))
    return bins


def expected_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean distance of prediction and observation (Naeini et al. 2015)."""
    total = sum(entry.count for entry in bins)
    return sum(entry.count * abs(entry.predicted - entry.observed) for entry in bins) / total if total else 0.0
