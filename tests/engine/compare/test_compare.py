import pytest

from apps.engine.compare import COMPARERS, compare
from apps.engine.records import Evidence
from apps.engine.rules import load_company_rules
from apps.engine.score import score
from apps.engine.statistics import Statistics

RULES = load_company_rules()
STATISTICS = Statistics(
    10_000,
    RULES.digest,
    {
        "phone": {"+15550100": 25, "+15550200": 5},
        "street": {"5\x1fking\x1f10001": 12},
    },
)
Parts = dict[str, str]


def evidence(name: str, left: Parts, right: Parts) -> Evidence:
    return next(piece for piece in compare(left, right, RULES, STATISTICS) if piece.comparison == name)


def number(value: str, issuer: str = "DE", check: str = "verified") -> Parts:
    return {"vat.number": value, "vat.issuer": issuer, "vat.check": check}


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        (number("DE811569869"), number("DE811569869"), "same"),
        (number("DE811569869"), number("DE136695976"), "different"),
        (number("DE811569869"), number("DE811569896", check="wrong"), "one slip apart"),
        (number("DE811569869"), number("DE999999999", check="wrong"), "not comparable"),
        (number("DE000000001", check="wrong"), number("DE000000001", check="wrong"), "not comparable"),
        (number("DE811569869"), number("FR83404833048", issuer="FR"), "not comparable"),
        (number("DE811569869"), {}, "missing"),
    ],
)
def test_identifiers_are_compared_within_one_issuer(left: Parts, right: Parts, label: str) -> None:
    assert evidence("vat", left, right).label == label


@pytest.mark.parametrize(
    ("phone", "label"),
    [("+15550300", "same"), ("+15550200", "same, shared by several"), ("+15550100", "same, shared by many")],
)
def test_a_value_that_many_names_share_says_less(phone: str, label: str) -> None:
    found = evidence("phone", {"phone.e164": phone}, {"phone.e164": phone})
    assert found.label == label
    assert phone in found.sentence


@pytest.mark.parametrize(
    ("phone", "label"),
    [("+15550301", "a digit apart"), ("+1555030", "a digit apart"), ("+15550311", "different"), ("", "missing")],
)
def test_a_phone_with_one_mistyped_digit_is_told_from_another(phone: str, label: str) -> None:
    ours, theirs = {"phone.e164": "+15550300"}, {"phone.e164": phone}
    assert evidence("phone", ours, theirs).label == evidence("phone", theirs, ours).label == label


def street(house: str | None, name: str, postcode: str = "10001") -> Parts:
    parts = {"street.name": name, "postcode.code": postcode}
    return parts | ({"street.number": house} if house else {})


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        (street("7", "king"), street("7", "king"), "same"),
        (street("5", "king"), street("5", "king"), "same, shared by many"),
        (street("7", "peachtree"), street("7", "peachtre"), "alike, same number"),
        (street("7", "king"), street(None, "king"), "same street, number missing"),
        (street("7", "king"), street("9", "king"), "same street, other number"),
        (street("7", "king"), street("7", "ocean"), "other street, same number"),
        (street("7", "king"), street("9", "ocean"), "different"),
        ({"street.box": "12"}, {"street.box": "12"}, "same box"),
        ({"street.box": "12"}, street("7", "king"), "missing"),
    ],
)
def test_streets_are_compared_by_number_and_name(left: Parts, right: Parts, label: str) -> None:
    assert evidence("street", left, right).label == label


def test_nothing_given_says_nothing() -> None:
    found = compare({}, {}, RULES, STATISTICS)
    assert [piece.millibits for piece in found] == [0] * len(RULES.weighed)
    assert score(found, RULES) == RULES.prior


def test_every_piece_of_evidence_has_a_sentence() -> None:
    left = {"name.words": "traeger", "name.generic": "holding", "vat.number": "DE1", "phone.e164": "+1"}
    right = {"name.words": "traeger grills", "city.name": "bonn", "website.domain": "a.de"}
    for piece in compare(left, right, RULES, STATISTICS):
        assert piece.sentence
        assert piece.sentence[0].isupper()


def test_each_comparer_tells_stewards_something_of_its_own() -> None:
    promises = [comparer.level.__doc__ for comparer in COMPARERS.values()]
    assert all(promises)
    assert len(set(promises)) == len(promises)
