import numpy as np
import pytest

from apps.engine.rules import RuleSet, load_company_rules, overlay_weights
from apps.engine.score.counting import count_weights
from apps.engine.score.train import LabelledPairs

RULES = load_company_rules()
COUNTRY = [c.name for c in RULES.comparisons].index("country")


def labelled(same_agree: int, same_differ: int, apart_agree: int, apart_differ: int) -> LabelledPairs:
    """Pairs that show the country only, so many of each label and level."""
    counts = (same_agree, same_differ, apart_agree, apart_differ)
    levels = np.zeros((sum(counts), len(RULES.weighed)), dtype=np.uint8)
    levels[:, COUNTRY] = np.repeat([1, 2, 1, 2], counts)
    return LabelledPairs(levels, np.repeat([True, True, False, False], counts), np.ones(sum(counts)))


def test_a_weight_is_the_ratio_of_the_rates() -> None:
    learned = count_weights(labelled(9000, 1000, 2000, 18000), RULES)
    weights = dict(learned["comparisons"]["country"])
    assert weights["same"] == pytest.approx(1000 * np.log2(0.9 / 0.1), abs=15)
    assert weights["different"] == pytest.approx(1000 * np.log2(0.1 / 0.9), abs=15)
    assert learned["prior"] == -1000


def test_pairs_count_by_their_weight() -> None:
    once = labelled(90, 10, 20, 180)
    twice = LabelledPairs(once.levels, once.labels, np.full(len(once.labels), 2.0))
    assert count_weights(twice, RULES) == count_weights(labelled(180, 20, 40, 360), RULES)


def test_few_pairs_stay_by_the_present_weight_and_what_is_unseen_keeps_it() -> None:
    start = RULES.comparison("country").millibits[2]
    weights = dict(count_weights(labelled(1, 0, 1, 1), RULES)["comparisons"]["country"])
    assert abs(weights["different"] - start) < 1000
    assert [w for _, w in count_weights(labelled(9, 1, 1, 9), RULES)["comparisons"]["vat"]] == list(
        RULES.comparison("vat").millibits
    )


def test_what_is_counted_makes_a_rule_set_whose_joints_are_silent() -> None:
    learned = count_weights(labelled(9, 1, 1, 9), RULES)
    rules = RuleSet.from_document(overlay_weights(RULES.to_document(), learned))
    assert rules.joints
    assert {weight for joint in rules.joints for weight in joint.millibits} == {0}
    assert {comparison.millibits[0] for comparison in rules.comparisons} == {0}


def test_one_kind_of_pairs_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="of one party and pairs of different"):
        count_weights(labelled(5, 5, 0, 0), RULES)
