import numpy as np

from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.score.self_supervision import Levels, hide, labelling, pseudo_labels

RULES = load_company_rules()
NAMES = [c.name for c in RULES.comparisons]


def levels(*pairs: dict[str, str]) -> Levels:
    """Rows of levels, each pair given by the labels it shows."""
    found = np.zeros((len(pairs), len(RULES.weighed)), dtype=np.uint8)
    for row, shown in zip(found, pairs, strict=True):
        for name, label in shown.items():
            row[NAMES.index(name)] = RULES.comparison(name).labels.index(label)
        for column, joint in enumerate(RULES.joints, start=len(NAMES)):
            row[column] = joint.table[row[NAMES.index(joint.of[0])]][row[NAMES.index(joint.of[1])]]
    return found


def test_identifiers_and_what_is_exclusive_label() -> None:
    named = {RULES.comparisons[place].name for place in labelling(RULES)}
    assert named == {c.name for c in RULES.comparisons if c.kind == "identifier"}
    assert {entry.attribute for entry in RULES.exclusive} <= named


def test_an_exclusive_attribute_labels_whatever_compares_it() -> None:
    document = RULES.to_document()
    document["exclusive"] = [{"attribute": "country", "issuers": [], "checks": ["verified"]}]
    rules = RuleSet.from_document({**document, "attributes": document["attributes"]})
    assert NAMES.index("country") in labelling(rules)


def test_only_same_and_different_numbers_speak() -> None:
    found = pseudo_labels(
        levels(
            {"vat": "same"},
            {"vat": "different", "lei": "same"},
            {"vat": "same, shared by several"},
            {"duns": "one slip apart"},
            {"tax_id": "not comparable"},
            {"phone": "same"},
        ),
        RULES,
    )
    said = {(pair, NAMES[by], same) for pair, by, same in zip(found.pairs, found.by, found.same, strict=True)}
    assert said == {(0, "vat", True), (1, "vat", False), (1, "lei", True)}


def test_the_labels_of_one_pair_count_as_one() -> None:
    found = pseudo_labels(levels({"vat": "same"}, {"vat": "same", "lei": "same", "duns": "same"}), RULES)
    counted = {pair: found.weights[found.pairs == pair].sum() for pair in (0, 1)}
    assert {pair: round(weight, 9) for pair, weight in counted.items()} == {0: 1, 1: 1}


def test_what_is_hidden_is_missing_from_joints_too() -> None:
    shown = levels({"name": "same, rare", "street": "same", "phone": "same"})
    hidden = np.zeros((1, len(NAMES)), dtype=np.bool_)
    hidden[0, NAMES.index("street")] = True
    assert hide(shown, hidden, RULES).tolist() == levels({"name": "same, rare", "phone": "same"}).tolist()
    assert shown[0, NAMES.index("street")] == 1
