from typing import Any

import pytest

from apps.engine.block import check_keys
from apps.engine.compare import check_comparisons
from apps.engine.records import SOURCE_PART
from apps.engine.rules import Caps, RuleSet, RuleSetError, load_company_rules, overlay_weights
from apps.engine.rules.entries import PAIRS_PER_RECORD
from apps.engine.standardise import STANDARDISERS
from apps.engine.survive import SurvivorshipPolicy, load_company_policy


def company() -> dict[str, Any]:
    return load_company_rules().to_document()


def test_the_shipped_company_rules_fit_the_engine() -> None:
    rules = load_company_rules()
    check_keys(rules)
    check_comparisons(rules)
    for attribute in rules.attributes:
        assert attribute.kind in STANDARDISERS
    produced = {f"{a.name}.{part}" for a in rules.attributes for part in STANDARDISERS[a.kind].parts}
    assert set(rules.parts_used()) <= produced | {SOURCE_PART}


def test_a_document_makes_an_equal_rule_set_again() -> None:
    rules = load_company_rules()
    again = RuleSet.from_document(rules.to_document())
    assert again == rules
    assert again.digest == rules.digest


def test_the_budget_of_pairs_may_be_left_out_and_comes_back_where_it_is_given() -> None:
    document = company()
    given = RuleSet.from_document({**document, "caps": {**document["caps"], "pairs": 7}})
    assert given.caps.pairs == 7
    assert RuleSet.from_document(given.to_document()) == given
    del document["caps"]["pairs"]
    assert RuleSet.from_document(document).caps == Caps(**document["caps"], pairs=PAIRS_PER_RECORD)


def test_a_budget_without_pairs_is_refused() -> None:
    document = company()
    document["caps"]["pairs"] = 0
    with pytest.raises(RuleSetError, match=r"^caps\.pairs: must be at least 1"):
        RuleSet.from_document(document)


def test_a_document_without_the_weak_threshold_asks_nothing_and_has_a_digest_of_its_own() -> None:
    document = company()
    del document["thresholds"]["weak"]
    rules = RuleSet.from_document(document)
    assert rules.thresholds.weak is None
    assert rules.to_document()["thresholds"] == document["thresholds"]
    assert rules.digest != load_company_rules().digest


def test_a_weak_threshold_above_link_is_refused() -> None:
    document = company()
    document["thresholds"]["weak"] = document["thresholds"]["link"] + 1
    with pytest.raises(RuleSetError, match=r"^thresholds\.weak: must not lie above link"):
        RuleSet.from_document(document)


def test_one_changed_weight_changes_the_digest() -> None:
    document = company()
    document["comparisons"][0]["levels"][1][1] += 1
    assert RuleSet.from_document(document).digest != load_company_rules().digest


def broken(document: dict[str, Any], change: str) -> None:
    match change:
        case "no thresholds":
            del document["thresholds"]
        case "falling thresholds":
            document["thresholds"]["link"] = document["thresholds"]["keep"] - 1
        case "weighty missing level":
            document["comparisons"][2]["levels"][0][1] = 5
        case "fractional weight":
            document["comparisons"][0]["levels"][1][1] = 0.5
        case "unknown field":
            document["keys"][3]["caps"] = 4
        case "cap of one":
            document["keys"][3]["cap"] = 1
        case "twice the same name":
            document["attributes"][1]["name"] = document["attributes"][0]["name"]
        case "foreign part":
            document["comparisons"][0]["parts"][0] = "title.words"
        case "joint of strangers":
            document["joints"][0]["of"] = ["name", "nobody"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("no thresholds", "thresholds"),
        ("falling thresholds", "thresholds"),
        ("weighty missing level", "comparisons[2].levels"),
        ("fractional weight", "comparisons[0].levels[1]"),
        ("unknown field", "keys[3].caps"),
        ("cap of one", "keys[3].cap"),
        ("twice the same name", "attributes[1].name"),
        ("foreign part", "attributes"),
        ("joint of strangers", "joints[0].of"),
    ],
)
def test_a_broken_document_is_refused_with_its_path(change: str, path: str) -> None:
    document = company()
    broken(document, change)
    with pytest.raises(RuleSetError) as refused:
        RuleSet.from_document(document)
    assert refused.value.path == path
    assert str(refused.value).startswith(path)


def test_a_comparison_with_foreign_labels_is_refused() -> None:
    document = company()
    document["comparisons"][2]["levels"][1][0] = "equal"
    with pytest.raises(RuleSetError, match=r"comparisons\[2\]"):
        check_comparisons(RuleSet.from_document({**document, "joints": []}))


def test_weights_for_a_comparison_that_is_not_there_are_refused() -> None:
    with pytest.raises(RuleSetError, match="nothing_such"):
        overlay_weights(company(), {"comparisons": {"nothing_such": []}})


def test_a_joint_reads_its_level_off_both_comparisons() -> None:
    rules = load_company_rules()
    joint = next(j for j in rules.joints if j.of == ("name", "street"))
    name, street = (rules.comparison(n) for n in joint.of)
    level = joint.table[name.labels.index("different")][street.labels.index("same")]
    assert joint.labels[level] == "other name with own address"
    assert joint.table[0][street.labels.index("same")] == 0


def test_the_shipped_rules_carry_the_shipped_survivorship() -> None:
    assert SurvivorshipPolicy.from_document(load_company_rules().survivorship) == load_company_policy()
