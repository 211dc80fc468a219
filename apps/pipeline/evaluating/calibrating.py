"""Calibrate the rules in force by what is known: show the reliability curve, and draft a rule set version if asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.engine.evaluate import wilson
from apps.engine.score.calibrate import (
    Bin,
    Calibration,
    Judgements,
    NotCalibratable,
    TooFewJudgements,
    calibrate,
    expected_error,
    reliability,
)
from apps.pipeline.evaluating.subject import Subject
from apps.rulebook.services import save_draft


class CannotCalibrate(Conflict):
    """What is known doesn't carry a calibration."""

    code = "calibrate.refused"
    title = "The rules can't be calibrated"


@dataclass(frozen=True)
class CalibrationReport:
    """A calibration with its reliability curves; the one after it shows held-out judgements."""

    judgements: Judgements
    calibration: Calibration
    before: Sequence[Bin]
    after: Sequence[Bin]

    @property
    def errors(self) -> tuple[float, float]:
        """The expected calibration error before and after."""
        return expected_error(self.before), expected_error(self.after)

    @property
    def counts(self) -> tuple[int, int]:
        """How many judgements said same, and how many different."""
        same = int(np.count_nonzero(self.judgements.same))
        return same, len(self.judgements.same) - same

    @property
    def span(self) -> tuple[int, int]:
        """The scores between which nine of ten pairs lie; beyond them a calibration only extrapolates."""
        low, high = np.quantile(self.judgements.scores, [0.05, 0.95])
        return round(low), round(high)

    def to_document(self) -> dict[str, Any]:
        """Return plain data; scale in thousandths, shift in millibits, loss in bits."""
        found, (same, different) = self.calibration, self.counts
        return {
            "judgements": {"same": same, "different": different},
            "scores_between": list(self.span),
            "scale": found.adjustment.scale,
            "shift": found.adjustment.shift,
            "gains": found.gains,
            "expected_error": dict(zip(("before", "after"), (round(e, 5) for e in self.errors), strict=True)),
            "log_loss": {"before": round(found.loss_before, 5), "after": round(found.loss_after, 5)},
            "curve": {"before": _curve(self.before), "after": _curve(self.after)},
        }


def report_calibration(subject: Subject) -> CalibrationReport:
    """Return what calibrating by the subject's pairs would change; raise CannotCalibrate where they are too few."""
    judgements = subject.judgements()
    try:
        found = calibrate(judgements)
    except (TooFewJudgements, NotCalibratable) as error:
        raise CannotCalibrate(str(error)) from error
    return CalibrationReport(
        judgements, found, reliability(found.before, judgements), reliability(found.after, judgements)
    )


def draft_calibration(subject: Subject, report: CalibrationReport, *, actor: Actor) -> int:
    """Save the adjusted rules as a draft and return its number; nothing is matched by it until it is published.

    Raises CannotCalibrate where held-out judgements are not predicted better.
    """
    found = report.calibration
    if not found.gains:
        raise CannotCalibrate("held-out judgements are predicted no better after calibrating, so no draft was saved")
    before, after = report.errors
    same, different = report.counts
    note = (
        f"version {subject.rules_version} calibrated against {subject.against}: {same} same, {different}"
        f" different; weights × {found.adjustment.scale / 1000:.3f}, prior {found.adjustment.shift / 1000:+.2f} bits;"
        f" expected calibration error {before:.3f} to {after:.3f}"
    )
    return save_draft(rules=found.adjustment.apply(subject.found.rules), note=note, actor=actor).number


def _curve(bins: Sequence[Bin]) -> list[dict[str, float]]:
    rows = []
    for entry in bins:
        around = wilson(entry.observed, entry.count)
        row = {"from": entry.low, "to": entry.high, "judgements": entry.count, "predicted": entry.predicted}
        row |= {"observed": entry.observed, "observed_low": around.low, "observed_high": around.high}
        rows.append({name: round(value, 5) for name, value in row.items()})
    return rows
