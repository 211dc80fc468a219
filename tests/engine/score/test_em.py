import numpy as np
import pytest

from apps.engine.rules import RuleSet, load_company_rules, overlay_weights
from apps.engine.score.em import Levels, learn_fellegi_sunter

COMPANY = load_company_rules()
AGREE_WHEN_SAME = {"country": 0.9, "city": 0.8, "region": 0.85, "jurisdiction": 0.95}
AGREE_WHEN_APART = {"country": 0.3, "city": 0.05, "region": 0.1, "jurisdiction": 0.2}
NAMES = [c.name for c in COMPANY.comparisons]


def document(guess: int = 1000) -> RuleSet:
    """The company rules with one guess for every agreement, which is all that the learning starts from."""
    levels = {
        c.name: [[label, 0 if i == 0 else guess if i == 1 else -guess] for i, label in enumerate(c.labels)]
        for c in COMPANY.comparisons
    }
    return RuleSet.from_document(overlay_weights(COMPANY.to_document(), {"prior": -2000, "comparisons": levels}))


RULES = document()


def pairs(count: int, share: float, seed: int = 5) -> Levels:
    """Pairs of which `share` are one party, with comparisons independent on both sides; one in five is missing."""
    chance = np.random.default_rng(seed)
    same = chance.random(count) < share
    levels = np.zeros((count, len(RULES.weighed)), dtype=np.uint8)
    for name, agrees in AGREE_WHEN_SAME.items():
        different = len(RULES.comparison(name).labels) - 1
        agree = chance.random(count) < np.where(same, agrees, AGREE_WHEN_APART[name])
        given = chance.random(count) < 0.8
        levels[:, NAMES.index(name)] = np.where(given, np.where(agree, 1, different), 0)
    return levels


def expected(name: str) -> tuple[float, float]:
    same, apart = AGREE_WHEN_SAME[name], AGREE_WHEN_APART[name]
    return 1000 * np.log2(same / apart), 1000 * np.log2((1 - same) / (1 - apart))


@pytest.mark.parametrize("name", AGREE_WHEN_SAME)
def test_the_ratios_behind_unlabelled_pairs_are_found(name: str) -> None:
    learned = learn_fellegi_sunter(pairs(100_000, 0.2), RULES)
    weights = dict(learned["comparisons"][name])
    agree, differ = expected(name)
    assert weights["same"] == pytest.approx(agree, abs=150)
    assert weights["different"] == pytest.approx(differ, abs=150)
    assert learned["prior"] == pytest.approx(1000 * np.log2(0.2 / 0.8), abs=150)


def test_random_pairs_give_the_other_side_and_all_pairs_the_prior() -> None:
    everything, random = pairs(400_000, 0.02), pairs(200_000, 0, seed=6)
    candidates = everything[(everything == 1).sum(axis=1) > 0]
    learned = learn_fellegi_sunter(candidates, RULES, u_levels=random, of=len(everything))
    assert learned["prior"] == pytest.approx(1000 * np.log2(0.02 / 0.98), abs=300)
    assert dict(learned["comparisons"]["city"])["same"] == pytest.approx(expected("city")[0], abs=150)


def test_what_no_pair_shows_keeps_its_weight_and_what_is_missing_weighs_nothing() -> None:
    learned = learn_fellegi_sunter(pairs(20_000, 0.3), RULES)
    assert [weight for _, weight in learned["comparisons"]["vat"]] == list(RULES.comparison("vat").millibits)
    assert all(levels[0] == ["missing", 0] for levels in learned["comparisons"].values())


def test_a_level_seen_twice_hardly_moves() -> None:
    levels = pairs(20_000, 0.3)
    levels[:2, NAMES.index("lei")] = 1
    learned = learn_fellegi_sunter(levels, RULES)
    start = RULES.comparison("lei").millibits[1]
    assert abs(dict(learned["comparisons"]["lei"])["same"] - start) < 1500


def test_what_is_learned_makes_a_rule_set_whose_joints_are_silent() -> None:
    learned = learn_fellegi_sunter(pairs(5_000, 0.3), RULES)
    rules = RuleSet.from_document(overlay_weights(RULES.to_document(), learned))
    assert rules.joints
    assert {weight for joint in rules.joints for weight in joint.millibits} == {0}


def test_the_order_of_the_pairs_does_not_matter() -> None:
    levels = pairs(5_000, 0.3)
    assert learn_fellegi_sunter(levels, RULES) == learn_fellegi_sunter(levels[::-1], RULES)


@pytest.mark.parametrize(
    ("levels", "settings", "message"),
    [
        (np.zeros((0, 60), np.uint8), {}, "at least one pair"),
        (np.zeros((3, 2), np.uint8), {}, "a column of levels"),
        (pairs(3, 0.5), {"of": 10}, "come together"),
        (pairs(3, 0.5), {"u_levels": pairs(3, 0.5)}, "come together"),
    ],
)
def test_what_does_not_fit_is_refused(levels: Levels, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        learn_fellegi_sunter(levels, RULES, **settings)  # type: ignore[arg-type]
