import numpy as np
import pytest

from apps.engine.rules import RuleSet, load_company_rules, overlay_weights
from apps.engine.score.train import LabelledPairs, learn_weights

RULES = load_company_rules()


def labelled(seed: int = 3, count: int = 3000) -> LabelledPairs:
    """Pairs where only the country tells: the same in 90 % of true pairs and in 10 % of false ones."""
    chance = np.random.default_rng(seed)
    labels = chance.random(count) < 0.5
    agree = chance.random(count) < np.where(labels, 0.9, 0.1)
    levels = np.zeros((count, len(RULES.weighed)), dtype=np.uint8)
    levels[:, [c.name for c in RULES.comparisons].index("country")] = np.where(agree, 1, 2)
    return LabelledPairs(levels, labels, np.ones(count))


def test_weights_come_near_the_log_likelihood_ratio() -> None:
    learned = learn_weights(labelled(), RULES, pull=0.001)
    weights = dict(learned["comparisons"]["country"])
    assert weights["same"] - weights["different"] == pytest.approx(2 * 1000 * np.log2(9), rel=0.1)


def test_what_the_pairs_do_not_show_keeps_its_weight() -> None:
    learned = learn_weights(labelled(), RULES)
    assert [weight for _, weight in learned["comparisons"]["vat"]] == list(RULES.comparison("vat").millibits)


def test_learned_weights_make_a_rule_set() -> None:
    learned = learn_weights(labelled(), RULES)
    rules = RuleSet.from_document(overlay_weights(RULES.to_document(), learned))
    assert all(weighed.millibits[0] == 0 for weighed in rules.weighed)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one row per pair"):
        LabelledPairs(np.zeros((2, 1), dtype=np.uint8), np.array([True]), np.ones(2))
