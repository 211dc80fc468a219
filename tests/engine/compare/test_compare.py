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
        "name.words": {"bank": 200, "lake": 40, "traeger": 3},
        "phone": {"+15550100": 25, "+15550200": 5},
        "website.domain": {"agents.com": 40},
        "street": {"5\x1fking\x1f10001": 12},
    },
)
Parts = dict[str, str]


def evidence(name: str, left: Parts, right: Parts) -> Evidence:
    return next(piece for piece in compare(left, right, RULES, STATISTICS) if piece.comparison == name)


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ("traeger", "traeger", "same, rare"),
        ("micro soft", "microsoft", "same, rare"),
        ("red lake", "lake red", "alike, unique"),
        ("traeger", "treager", "alike, rare"),
        ("traeger grills lake", "traeger grills", "contained, unique"),
        ("traeger", "traeger grills barbecue pellets", "mostly contained, rare"),
        ("traeger grills lake", "traeger grills bank", "overlap, unique"),
        ("bank northern", "bank southern", "part, uncommon"),
        ("bank", "bank", "same, uncommon"),
        ("income xxii", "income xxi", "part, rare"),
        ("fleet cv", "fleet lv", "part, rare"),
        ("traeger", "yeti", "different"),
    ],
)
def test_names_agree_as_far_as_their_words_do(left: str, right: str, label: str) -> None:
    assert evidence("name", {"name.words": left}, {"name.words": right}).label == label
    assert evidence("name", {"name.words": right}, {"name.words": left}).label == label


def test_a_former_name_counts_where_the_present_ones_differ() -> None:
    now = {"name.words": "lucky strike", "former_names.words": "amf bowling | bowlero"}
    assert evidence("name", now, {"name.words": "bowlero"}).label == "formerly the same, rare"
    assert evidence("name", {"name.words": "bowlerro"}, now).label == "formerly alike, rare"


def test_an_acronym_meets_its_name() -> None:
    long = {"name.words": "brown boveri cie", "name.acronym": "bbc"}
    assert evidence("name", long, {"name.words": "bbc"}).label == "acronym"


def test_a_name_cut_at_the_cap_is_known_but_a_parents_name_is_not() -> None:
    long = {"name.words": "adesso thermal spring", "name.full": "adesso and partners thermal springs company"}
    cut = {"name.words": "adesso thermal spri", "name.full": "adesso and partners thermal spri"}
    parent = {"name.words": "adesso thermal", "name.full": "adesso and partners thermal"}
    assert evidence("name", long, cut).label.startswith(("cut short", "alike"))
    assert evidence("name", {**long, "name.words": "adesso thermal spring resort"}, cut).label.startswith("cut short")
    assert not evidence("name", long, parent).label.startswith("cut short")


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


def test_a_website_meets_an_email_on_its_domain() -> None:
    site, mail = {"website.domain": "acme.de"}, {"email.domain": "acme.de"}
    assert evidence("domain", site, mail).label == "same"
    assert evidence("domain", site, {"website.domain": "acme.com"}).label == "same but for the ending"
    assert evidence("domain", {"website.domain": "agents.com"}, {"email.domain": "agents.com"}).label == (
        "same, shared by many"
    )


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


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ("holding", "holding", "same"),
        ("holding", "", "extra on one side"),
        ("germany holding", "uk holding", "different"),
        ("2 fund", "3 fund", "different numbers"),
        ("", "", "missing"),
    ],
)
def test_general_words_tell_sisters_apart(left: str, right: str, label: str) -> None:
    ours, theirs = ({"name.words": "acme", "name.generic": generic} for generic in (left, right))
    assert evidence("general_words", ours, theirs).label == label


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
    assert (
        evidence("name", left, right).sentence
        == "One name holds the other and more; shared word 'traeger', 3 records use it"
    )


def test_each_comparer_tells_stewards_something_of_its_own() -> None:
    promises = [comparer.level.__doc__ for comparer in COMPARERS.values()]
    assert all(promises)
    assert len(set(promises)) == len(promises)
