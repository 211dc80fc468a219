from dataclasses import replace

import numpy as np
import pytest

from apps.engine.compare import compare
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.score import score
from apps.engine.score.calibrate import (
    LEAST_OF_EACH,
    Adjustment,
    Judgements,
    NotCalibratable,
    TooFewJudgements,
    calibrate,
    expected_error,
    fit,
    probabilities,
    reliability,
)
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics

RULES = load_company_rules()


def judged(count: int = 4000, *, scale: float = 1.0, shift: float = 0.0, seed: int = 2) -> Judgements:
    """Pairs whose true log-odds are `scale` times the score plus `shift` bits."""
    chance = np.random.default_rng(seed)
    scores = chance.normal(0, 4000, count).round().astype(np.int64)
    same = chance.random(count) < 1 / (1 + 2.0 ** -(scores / 1000 * scale + shift))
    return Judgements(scores, same, np.arange(count))


def test_the_two_numbers_are_recovered() -> None:
    found = fit(judged(40_000, scale=0.6, shift=-1.5))
    assert found.scale == pytest.approx(600, abs=20)
    assert found.shift == pytest.approx(-1500, abs=120)


def test_scores_that_are_right_already_stay() -> None:
    found = fit(judged(40_000))
    assert found.scale == pytest.approx(1000, abs=30)
    assert found.shift == pytest.approx(0, abs=100)


def test_calibrating_brings_predictions_near_what_is_observed() -> None:
    judgements = judged(scale=0.5, shift=-1)
    found = calibrate(judgements)
    before, after = (expected_error(reliability(p, judgements)) for p in (found.before, found.after))
    assert before > 0.1
    assert after < 0.03
    assert found.gains


def test_nothing_is_gained_where_nothing_is_wrong() -> None:
    found = calibrate(judged(400, seed=8))
    assert found.loss_after == pytest.approx(found.loss_before, abs=0.01)


@pytest.mark.parametrize(("same", "different"), [(LEAST_OF_EACH - 1, 500), (500, LEAST_OF_EACH - 1), (0, 0)])
def test_thin_evidence_is_refused_with_what_is_needed(same: int, different: int) -> None:
    answers = np.array([True] * same + [False] * different, dtype=np.bool_)
    scores = np.zeros(len(answers), dtype=np.int64)
    with pytest.raises(TooFewJudgements, match=f"needs {LEAST_OF_EACH} .* {same} same and {different} different"):
        calibrate(Judgements(scores, answers, np.arange(len(answers))))


def test_what_stands_or_falls_together_is_held_out_together() -> None:
    judgements = judged(1000, shift=-3)
    in_two = replace(judgements, units=judgements.same.astype(np.int64))
    # Held out whole, either answer is predicted from the other alone, and badly.
    assert calibrate(in_two).loss_after > calibrate(judgements).loss_after + 0.5


def test_a_narrow_band_of_scores_hardly_moves_the_scale() -> None:
    wide = judged(40_000, scale=0.4, shift=-1)
    narrow = wide.take(np.abs(wide.scores) < 500)
    few = narrow.take(np.arange(len(narrow.scores)) < 300)
    assert fit(wide).scale == pytest.approx(400, abs=30)
    assert 700 < fit(few).scale < 1200
    assert fit(few).shift == pytest.approx(-1000, abs=500)


def test_scores_that_fall_with_the_answers_are_refused() -> None:
    judgements = judged()
    with pytest.raises(NotCalibratable):
        calibrate(replace(judgements, same=~judgements.same))


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one entry per pair"):
        replace(judged(10), units=np.arange(9))


def test_an_adjustment_rescales_weights_and_shifts_the_prior_only() -> None:
    adjusted = Adjustment(scale=700, shift=-1200).apply(replace(RULES, prior=-4000))
    assert adjusted.prior == -2800 - 1200
    before, after = RULES.to_document(), adjusted.to_document()
    for document in (before, after):
        del document["prior"]
        for entry in (*document["comparisons"], *document["joints"]):
            entry["levels"] = [label for label, _ in entry["levels"]]
    assert before == after
    assert all(weighed.millibits[0] == 0 for weighed in adjusted.weighed)
    assert RuleSet.from_document(adjusted.to_document()) == adjusted


def test_opposite_weights_stay_opposite() -> None:
    weights = (0, 5, -5, 1234, -1234)
    comparison = replace(RULES.comparisons[0], millibits=weights)
    adjusted = Adjustment(700, 0).apply(replace(RULES, comparisons=(comparison,), joints=()))
    rescaled = adjusted.comparisons[0].millibits
    assert rescaled == (0, 4, -4, 864, -864)


def test_scores_by_adjusted_rules_are_the_adjusted_scores() -> None:
    adjustment = Adjustment(scale=640, shift=-900)
    adjusted = adjustment.apply(RULES)
    given = [
        {"name": "Traeger Inc.", "street": "1215 E Wilmington Ave", "city": "Salt Lake City", "country": "US"},
        {"name": "Traeger Grills LLC", "street": "1215 Wilmington Ave", "city": "Sandy", "country": "US"},
    ]
    a, b = (standardise_record(values, RULES.attributes) for values in given)
    statistics = Statistics(1000, RULES.digest)
    raw, now = (score(compare(a, b, rules, statistics), rules) for rules in (RULES, adjusted))
    assert abs(now - int(adjustment.score(np.array([raw]))[0])) <= (len(RULES.weighed) + 2) / 2
    assert now != raw


def test_changing_nothing_changes_nothing() -> None:
    assert Adjustment(1000, 0).apply(RULES) == RULES


def test_the_curve_holds_every_judgement_in_its_bin() -> None:
    judgements = judged()
    bins = reliability(probabilities(judgements.scores), judgements)
    assert sum(entry.count for entry in bins) == len(judgements.scores)
    assert all(entry.low <= entry.predicted <= entry.high for entry in bins)
    assert expected_error(bins) < 0.05
