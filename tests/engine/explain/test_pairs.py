from dataclasses import replace

from apps.engine import bulk
from apps.engine.compare import compare
from apps.engine.explain import PairExplanation, explain_pair, outcome_of, say_bits
from apps.engine.rules import Thresholds, load_company_rules
from apps.engine.score import score
from apps.engine.statistics import Statistics
from tests.engine.frames import given_frame, parts_of, read_sample

RULES = load_company_rules()
STATISTICS = Statistics(
    100_000, RULES.digest, {"name.words": {"bank": 4_000, "lake": 80}, "phone": {"+15550100": 14, "+15550200": 5}}
)
Parts = dict[str, str]


def explained(left: Parts, right: Parts) -> PairExplanation:
    return explain_pair(left, right, RULES, STATISTICS)


def weight(comparison: str, label: str) -> int:
    levels = RULES.comparison(comparison)
    return levels.millibits[levels.labels.index(label)]


def test_what_is_told_of_every_candidate_pair_adds_up_to_its_score() -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    statistics, parts = bulk.profile(standard, RULES), parts_of(standard)
    left, right = bulk.candidates(standard, RULES, statistics)
    assert len(left) > 300
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        told = explain_pair(parts[a], parts[b], RULES, statistics)
        assert told.score == score(compare(parts[a], parts[b], RULES, statistics), RULES)
        assert told.prior + sum(c.millibits for c in told.contributions) == told.score
        assert told.prior + sum(step.millibits for step in told.steps) == told.score
        assert all(step.sentence and step.millibits for step in told.steps)


def test_contributions_come_in_the_order_of_the_rules() -> None:
    told = explained({"name.words": "acme"}, {"name.words": "acme"})
    assert [c.comparison for c in told.contributions] == [weighed.name for weighed in RULES.weighed]
    assert [c.is_joint for c in told.contributions] == [False] * len(RULES.comparisons) + [True] * len(RULES.joints)


def test_the_rarity_part_is_what_a_rare_word_adds_to_a_common_one() -> None:
    for word, label in (("zyx", "same, rare"), ("bank", "same, everyday")):
        found = explained({"name.words": word}, {"name.words": word}).contributions[0]
        assert (found.comparison, found.label) == ("name", label)
        assert found.rarity == found.millibits - weight("name", "same, uncommon")


def test_the_rarity_part_of_a_shared_value_is_what_sharing_takes_away() -> None:
    phones = {
        phone: next(
            c for c in explained({"phone.e164": phone}, {"phone.e164": phone}).contributions if c.comparison == "phone"
        )
        for phone in ("+15550100", "+15550200", "+15550300")
    }
    assert phones["+15550300"].rarity == 0
    assert phones["+15550100"].rarity == weight("phone", "same, shared by many") - weight("phone", "same")
    assert phones["+15550100"].sentence == "Same phone +15550100, which 14 different names share"


def test_a_comparison_without_rarity_has_none() -> None:
    street = {"street.number": "7", "street.name": "peachtree"}
    told = explained(street, street | {"street.name": "peachtre"})
    assert {c.label: c.rarity for c in told.contributions if c.comparison == "street"} == {"alike, same number": 0}


def test_small_joints_are_told_as_one_sum() -> None:
    acme = {"name.words": "zyx", "name.form": "LLC", "city.name": "bonn", "postcode.code": "53111", "phone.e164": "+1"}
    loud, *quiet = (replace(j, millibits=(0, *[-400] * (len(j.labels) - 1))) for j in RULES.joints)
    loud = replace(loud, of=("name", "form"), millibits=tuple(2 * weight for weight in loud.millibits))
    told = explain_pair(acme, acme, replace(RULES, joints=(*quiet, loud)), STATISTICS)
    small = [c for c in told.contributions if c.is_joint and c.millibits == -400]
    assert len(small) > 1
    assert not set(small) & set(told.steps)
    assert told.steps[-1].millibits == sum(c.millibits for c in small)
    assert all(c.title in told.steps[-1].sentence for c in small)


def test_thresholds_name_the_outcome() -> None:
    cuts = Thresholds(keep=-600, review=-200, link=0, doubt=-100)
    assert [outcome_of(score, cuts) for score in (0, -1, -200, -201, -600, -601)] == [
        "link", "review", "review", "keep", "keep", "none",
    ]  # fmt: skip


def test_bits_are_told_to_a_tenth() -> None:
    assert [say_bits(m) for m in (11_480, -2_500, 20, -20)] == ["+11.5", "\u22122.5", "0.0", "0.0"]
