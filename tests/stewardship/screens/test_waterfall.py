"""The waterfall's geometry and words."""

import pytest

from apps.engine.explain import explain_evidence
from apps.engine.records import Evidence
from apps.engine.rules import load_company_rules
from apps.stewardship.screens.waterfall import WIDTH, build_waterfall, say_bits
from apps.stewardship.screens.words import group_attributes, say_odds, say_score

RULES = load_company_rules()


def evidence(comparison: str, millibits: int, label: str = "same") -> Evidence:
    return Evidence(comparison, 1, label, millibits, "a", "b", f"the {comparison} says so")


def test_each_bar_starts_where_the_one_before_ended_and_the_last_ends_at_the_total() -> None:
    steps = [evidence("name", 6_000), evidence("phone", -2_500), evidence("city", 400)]
    falls = build_waterfall(explain_evidence(steps, RULES))
    starts = [bar.x if bar.tone == "agree" else round(bar.x + bar.width, 1) for bar in falls.bars[1:]]
    assert starts == pytest.approx([bar.end for bar in falls.bars[:-1]], abs=0.11)
    assert falls.bars[-1].end == falls.total_x


@pytest.mark.parametrize("millibits", [1, 900, 40_000, -40_000])
def test_every_mark_lies_inside_the_box(millibits: int) -> None:
    falls = build_waterfall(explain_evidence([evidence("name", millibits)], RULES))
    marks = [falls.review_x, falls.link_x, falls.total_x, *(bar.x for bar in falls.bars)]
    assert all(0 <= mark <= WIDTH for mark in marks)


def test_what_was_not_given_is_named_and_not_drawn() -> None:
    falls = build_waterfall(explain_evidence([evidence("phone", 0, "missing")], RULES))
    assert falls.not_given == ("Phone",)
    assert [bar.title for bar in falls.bars] == ["Start"]


def test_a_joint_is_a_step_of_its_own_and_small_ones_are_summed() -> None:
    small = [evidence("name_and_city", 300), evidence("name_and_form", -100)]
    steps = [evidence("name", 2_000), evidence("name_and_street", -1_800), *small]
    falls = build_waterfall(explain_evidence(steps, RULES))
    assert [bar.bits for bar in falls.bars[1:]] == ["+2.0", "−1.8", "+0.2"]
    assert falls.bars[2].sentence == "The name_and_street says so"
    assert "name and city, name and legal form" in falls.bars[3].sentence
    assert falls.bars[-1].end == falls.total_x


def test_a_step_says_what_of_it_is_due_to_rarity() -> None:
    shared = Evidence("phone", 3, "same, shared by many", 900, "a", "b", "many share it")
    falls = build_waterfall(explain_evidence([shared], RULES))
    assert falls.bars[1].rarity.endswith("of it because the value is common or shared")
    assert build_waterfall(explain_evidence([evidence("city", 900)], RULES)).bars[1].rarity == ""


@pytest.mark.parametrize(("millibits", "words"), [(0, "0.0"), (-6, "0.0"), (1_449, "+1.4"), (-2_500, "−2.5")])
def test_bits_are_written_to_a_tenth_without_a_negative_zero(millibits: int, words: str) -> None:
    assert say_bits(millibits) == words


@pytest.mark.parametrize(("millibits", "words"), [(2_000, "4.0× for"), (-1_000, "2.0× against"), (0, "no weight")])
def test_weights_are_odds_in_words(millibits: int, words: str) -> None:
    assert say_odds(millibits) == words


def test_a_score_has_the_word_for_its_odds() -> None:
    words = [say_score(score) for score in (3_322, 3_321, 1_000, 999, 0, -999, -1_000, -3_321, -3_322)]
    assert words == ["Very likely", *["Likely"] * 2, *["Even odds"] * 3, *["Unlikely"] * 2, "Very unlikely"]


def test_an_attribute_the_pages_don_t_know_stands_in_a_group_of_its_own() -> None:
    assert group_attributes(["shoe_size", "name"]) == [("Identity", ["name"]), ("Other", ["shoe_size"])]
