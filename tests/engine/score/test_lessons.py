from dataclasses import replace

import numpy as np
import pytest

from apps.engine.rules import RuleSet, load_company_rules, overlay_weights
from apps.engine.score.lessons import Evidence, Lessons, learn, log_loss, weighed_to
from apps.engine.score.train import LabelledPairs

COMPANY = load_company_rules()
NAMES = [c.name for c in COMPANY.comparisons]


def guessed(prior: int = 0) -> RuleSet:
    """The company rules when nothing is known yet: agreeing speaks for, and not agreeing against."""
    levels = {
        field: {
            e.name: [[x, 0 if i == 0 else 1600 if i == 1 else -1600] for i, x in enumerate(e.labels)] for e in entries
        }
        for field, entries in (("comparisons", COMPANY.comparisons), ("joints", COMPANY.joints))
    }
    return RuleSet.from_document(overlay_weights(COMPANY.to_document(), {"prior": prior, **levels}))


RULES = guessed()


def labelled(count: int, seed: int = 3, agree: float = 0.9) -> LabelledPairs:
    """Pairs of which half are one party, and countries and cities that agree in `agree` of those."""
    chance = np.random.default_rng(seed)
    same = chance.random(count) < 0.5
    levels = np.zeros((count, len(RULES.weighed)), dtype=np.uint8)
    for name in ("country", "city"):
        different = len(RULES.comparison(name).labels) - 1
        levels[:, NAMES.index(name)] = np.where(chance.random(count) < np.where(same, agree, 1 - agree), 1, different)
    return LabelledPairs(levels, same, np.ones(count))


def lessons(pairs: LabelledPairs, parties: int = 700) -> Lessons:
    numbers = np.arange(len(pairs.labels)) % parties
    by = (np.arange(len(pairs.labels)) % 4 == 0).astype(np.int64)
    return Lessons(pairs, numbers, by, ["lei", "vat"], pairs.levels)


@pytest.mark.parametrize("model", ["additive", "fellegi_sunter"])
def test_what_predicts_held_out_labels_better_holds(model: str) -> None:
    lesson = learn(lessons(labelled(4000)), RULES, model)  # type: ignore[arg-type]
    assert lesson.accepted
    assert lesson.weights is not None
    assert lesson.loss_before is not None
    assert lesson.loss_after is not None
    assert lesson.loss_after < 0.9 * lesson.loss_before
    weights = dict(lesson.weights["comparisons"]["country"])
    assert weights["same"] - weights["different"] > 3000
    assert RuleSet.from_document(overlay_weights(RULES.to_document(), lesson.weights)).prior == lesson.weights["prior"]


def test_evidence_is_counted_by_labeller() -> None:
    pairs = labelled(4000)
    found = learn(lessons(pairs), RULES).evidence
    assert list(found) == ["lei", "vat"]
    assert found["vat"].same + found["vat"].different == 1000
    assert sum(entry.same for entry in found.values()) == np.count_nonzero(pairs.labels)
    assert learn(lessons(labelled(0)), RULES).evidence == {"lei": Evidence(0, 0), "vat": Evidence(0, 0)}


def test_labels_that_say_what_the_rules_know_change_nothing() -> None:
    pairs = labelled(4000)
    taught = learn(lessons(pairs), RULES).weights
    assert taught is not None
    wise = RuleSet.from_document(overlay_weights(RULES.to_document(), taught))
    again = learn(lessons(labelled(4000, seed=4)), wise)
    assert not again.accepted
    assert "not at least 2% less" in again.reasons[0]
    assert again.loss_before is not None


def test_few_labels_are_too_few() -> None:
    lesson = learn(lessons(labelled(600)), RULES)
    assert not lesson.accepted
    assert lesson.loss_after is None
    assert len(lesson.reasons) == 2
    assert all("learning needs 500" in reason for reason in lesson.reasons)


def test_many_labels_of_few_parties_are_too_few() -> None:
    lesson = learn(lessons(labelled(4000), parties=150), RULES)
    assert not lesson.accepted
    assert lesson.reasons == ['The labels "same" come from 150 parties; learning needs 200.']


def test_weights_that_would_link_many_more_pairs_are_refused() -> None:
    strict = guessed(prior=-3300)
    pairs = labelled(4000)
    clear = pairs.levels[(pairs.levels == 1).sum(axis=1) != 1]
    one_agrees = np.zeros((6000, pairs.levels.shape[1]), dtype=np.uint8)
    one_agrees[:, NAMES.index("country")] = 1
    found = replace(lessons(pairs), crowd=clear)
    lesson = learn(replace(found, crowd=np.concatenate([clear, one_agrees])), strict)
    assert not lesson.accepted
    assert lesson.linked_before is not None
    assert lesson.linked_after is not None
    assert lesson.linked_after > 1.25 * lesson.linked_before
    assert "of the candidate pairs" in lesson.reasons[-1]
    assert learn(found, strict).accepted


@pytest.mark.parametrize("model", ["additive", "fellegi_sunter"])
def test_what_the_labels_hardly_show_keeps_its_weight(model: str) -> None:
    pairs = labelled(4000)
    pairs.levels[:40, NAMES.index("phone")] = 1
    lesson = learn(lessons(pairs), RULES, model)  # type: ignore[arg-type]
    assert lesson.weights is not None
    assert {"phone", "vat"} <= set(lesson.unmoved)
    assert not {"country", "city"} & set(lesson.unmoved)
    assert [weight for _, weight in lesson.weights["comparisons"]["phone"]] == list(RULES.comparison("phone").millibits)


def test_the_same_lessons_teach_the_same() -> None:
    assert learn(lessons(labelled(4000)), RULES) == learn(lessons(labelled(4000)), RULES)


def test_labels_are_weighed_to_a_share() -> None:
    pairs = labelled(4000)
    weighed = weighed_to(0.2, pairs)
    assert weighed.weights[pairs.labels].sum() / weighed.weights.sum() == pytest.approx(0.2)
    assert weighed.weights.sum() == pytest.approx(4000)


def test_labels_that_chose_themselves_may_not_be_unlike_the_rest() -> None:
    """Half of the labels say same, where the rules expect a few of the pairs to be."""
    rules, found = guessed(prior=-5000), lessons(labelled(4000))
    crowd = np.zeros_like(found.crowd)
    lesson = learn(replace(found, crowd=crowd, choose_themselves=True), rules)
    assert (lesson.weights, lesson.loss_after) == (None, None)
    assert len(lesson.reasons) == 1
    assert "unlike the rest" in lesson.reasons[0]
    assert learn(replace(found, crowd=crowd), rules).loss_after is not None


def test_how_many_are_one_party_is_not_for_chosen_labels_to_say() -> None:
    rules, found = guessed(prior=-500), lessons(labelled(4000))
    crowd = np.zeros_like(found.crowd)
    drawn = learn(replace(found, crowd=found.crowd), rules)
    chosen = learn(replace(found, crowd=crowd, choose_themselves=True), rules)
    assert drawn.loss_before is not None
    assert chosen.loss_before is not None
    assert chosen.loss_before < drawn.loss_before


def test_a_loss_is_mean_bits_of_surprise() -> None:
    nothing = LabelledPairs(np.zeros((2, len(RULES.weighed)), np.uint8), np.array([True, False]), np.array([1.0, 3.0]))
    assert log_loss(nothing, RULES) == pytest.approx(1)
    assert log_loss(nothing, guessed(prior=2000)) == pytest.approx((np.log2(1.25) + 3 * np.log2(5)) / 4)
