from dataclasses import replace

import numpy as np
import pytest

from apps.engine.rules import RuleSet, load_company_rules, overlay_weights
from apps.engine.score.train import LabelledPairs, learn_weights

SHIPPED = load_company_rules()


def rules_with(same: int, different: int) -> RuleSet:
    """The shipped rules, with these weights of the country's levels in millibits."""
    country = replace(SHIPPED.comparison("country"), millibits=(0, same, different))
    return replace(SHIPPED, comparisons=tuple(country if c.name == "country" else c for c in SHIPPED.comparisons))


RULES = rules_with(5000, -5000)


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


def country_after(same: int, different: int) -> dict[str, int]:
    """The country's weights after learning, nearly undrawn, that it is worth some 3.2 bits either way."""
    return dict(learn_weights(labelled(), rules_with(same, different), pull=0.001)["comparisons"]["country"])


def test_a_weight_keeps_the_side_on_which_it_starts() -> None:
    assert country_after(-3000, 3000) == {"missing": 0, "same": 0, "different": 0}


def test_a_weight_grows_to_twice_its_start_at_most() -> None:
    assert country_after(500, -400) == {"missing": 0, "same": 1000, "different": -800}


def test_a_weight_that_starts_at_nothing_is_free() -> None:
    assert country_after(0, -100)["same"] > 5000
    assert country_after(100, 0)["different"] < -5000


def test_a_joint_may_change_sides_and_grow() -> None:
    place = [weighed.name for weighed in SHIPPED.weighed].index("street_and_phone")
    joint = SHIPPED.joints[place - len(SHIPPED.comparisons)]
    start = replace(joint, millibits=(0, -100, *joint.millibits[2:]))
    rules = replace(SHIPPED, joints=tuple(start if j.name == joint.name else j for j in SHIPPED.joints))
    labels = np.tile([True, True, True, False], 500)
    levels = np.zeros((len(labels), len(SHIPPED.weighed)), dtype=np.uint8)
    levels[labels, place] = 1
    learned = learn_weights(LabelledPairs(levels, labels, np.ones(len(labels))), rules, pull=0.001)
    assert learned["joints"]["street_and_phone"][1][1] > 2000


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
