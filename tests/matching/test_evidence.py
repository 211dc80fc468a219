"""What bears on a match, and when it says something else than it did."""

import pytest

from apps.engine.rules import load_company_rules
from apps.engine.standardise import standardise_record
from apps.matching.evidence import Change, Clash, find_clash, list_changes

RULES = load_company_rules()
ACME = {
    "name": "Acme Precision Ltd",
    "street": "12 Mill Road",
    "city": "Leeds",
    "country": "GB",
    "phone": "0113 496 0000",
}
OTHER = {"name": "Acme Holdings Ltd", "street": "3 Quay Street", "city": "Hull", "country": "GB"}
LEI, OTHER_LEI = "5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55"


def parts(given: dict[str, str], **more: str) -> dict[str, str]:
    return standardise_record(given | more, RULES.attributes, RULES.fallbacks)


def changes(*, low: dict[str, str] | None = None, high: dict[str, str] | None = None) -> list[Change]:
    """Return what changed of Acme and the other when each takes these values besides."""
    before = parts(ACME), parts(OTHER)
    return list_changes(1, 2, before=before, now=(parts(ACME, **low or {}), parts(OTHER, **high or {})), rules=RULES)


def test_nothing_changed_where_all_is_said_again_in_another_spelling() -> None:
    assert changes(low={"name": "ACME  PRECISION, LTD.", "city": "LEEDS"}) == []


def test_a_phone_is_no_reason_to_ask_again() -> None:
    assert changes(low={"phone": "0113 496 0001"}) == []


@pytest.mark.parametrize(
    ("more", "what"),
    [({"name": "Zenith Foundry Ltd"}, "name"), ({"street": "14 Mill Road"}, "street"), ({"city": "York"}, "city"),
     ({"country": "IE"}, "country")],
)  # fmt: skip
def test_a_name_or_address_standardised_otherwise_is_a_change_of_its_record(more: dict[str, str], what: str) -> None:
    found = changes(high=more)
    assert [(change.record, change.what) for change in found] == [(2, what)]
    assert found[0].before != found[0].after


def test_an_exclusive_number_on_one_side_alone_is_none() -> None:
    assert changes(low={"lei": LEI}) == []


@pytest.mark.parametrize(("theirs", "words"), [(LEI, "the same"), (OTHER_LEI, "they differ")])
def test_an_exclusive_number_newly_on_both_sides_is_a_change_of_both(theirs: str, words: str) -> None:
    found = changes(low={"lei": LEI}, high={"lei": theirs})
    assert [(change.record, change.what) for change in found] == [(0, "lei")]
    assert words in found[0].sentence


def test_numbers_that_became_equal_are_a_change_and_those_that_stayed_are_none() -> None:
    apart = parts(ACME, lei=LEI), parts(OTHER, lei=OTHER_LEI)
    equal = parts(ACME, lei=LEI), parts(OTHER, lei=LEI)
    assert [change.what for change in list_changes(1, 2, before=apart, now=equal, rules=RULES)] == ["lei"]
    assert list_changes(1, 2, before=equal, now=equal, rules=RULES) == []


def test_a_number_that_fails_its_check_is_nobodys() -> None:
    assert changes(low={"lei": LEI}, high={"lei": LEI[:-1] + "9"}) == []


def test_a_clash_is_between_different_sides_only() -> None:
    held = {1: parts(ACME, lei=LEI), 2: parts(ACME, lei=LEI), 3: parts(OTHER, lei=OTHER_LEI)}
    issuer = held[1]["lei.issuer"]
    assert find_clash(held, {1: 0, 2: 0, 3: 1}, RULES) == Clash("lei", issuer, 1, 3)
    assert find_clash(held, {1: 0, 2: 1, 3: 1}, RULES) == Clash("lei", issuer, 1, 3)
    assert find_clash(held, {1: 0, 2: 1}, RULES) is None
    assert find_clash(held, {1: 0, 2: 0, 3: 0}, RULES) is None
