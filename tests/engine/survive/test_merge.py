import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.survive import (
    GoldenParty,
    Member,
    PinnedValue,
    Rule,
    Strategy,
    SurvivorshipPolicy,
    load_company_policy,
    merge_members,
)

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
COMPANY = load_company_policy()


def member(
    record: int, given: Mapping[str, str], *, source: str = "crm", trust: int = 50, at: datetime | None = JANUARY
) -> Member:
    return Member(record, source, f"K{record}", trust, at, given)


def outcome(party: GoldenParty, attribute: str) -> tuple[str, int | None, Rule]:
    golden = party.values[attribute]
    return golden.value, golden.record, golden.rule


def policy_of(*strategies: Strategy) -> SurvivorshipPolicy:
    return SurvivorshipPolicy(default=strategies)


def test_a_name_comes_from_the_most_trusted_source() -> None:
    party = merge_members(
        [member(1, {"name": "Acme"}, trust=50, at=JUNE), member(2, {"name": "Acme GmbH"}, trust=90)], COMPANY
    )
    assert outcome(party, "name") == ("Acme GmbH", 2, Rule.MOST_TRUSTED)


def test_a_phone_comes_from_the_record_changed_last() -> None:
    party = merge_members(
        [member(1, {"phone": "030 1"}, trust=90), member(2, {"phone": "030 2"}, trust=10, at=JUNE)], COMPANY
    )
    assert outcome(party, "phone") == ("030 2", 2, Rule.MOST_RECENT)


def test_a_record_without_a_date_is_older_than_any_with_one() -> None:
    year_one = datetime(1, 1, 1, tzinfo=UTC)
    party = merge_members([member(1, {"phone": "a"}, at=None), member(2, {"phone": "b"}, at=year_one)], COMPANY)
    assert outcome(party, "phone") == ("b", 2, Rule.MOST_RECENT)


def test_instants_are_compared_across_zones_and_without_a_zone_as_utc() -> None:
    east = JUNE.astimezone(timezone(timedelta(hours=9))) + timedelta(microseconds=1)
    party = merge_members(
        [member(1, {"phone": "a"}, at=JUNE.replace(tzinfo=None)), member(2, {"phone": "b"}, at=east)], COMPANY
    )
    assert outcome(party, "phone") == ("b", 2, Rule.MOST_RECENT)


def test_equal_trust_and_date_leave_the_choice_to_completeness() -> None:
    party = merge_members([member(1, {"name": "Acme"}), member(2, {"name": "Acme GmbH"})], COMPANY)
    assert outcome(party, "name") == ("Acme GmbH", 2, Rule.MOST_COMPLETE)


def test_blanks_around_a_value_make_it_neither_longer_nor_different() -> None:
    padded = member(2, {"name": "\u00a0 Acme \t", "city": " \u200b"})
    party = merge_members([member(1, {"name": "Acme"}), padded], COMPANY)
    assert outcome(party, "name") == ("Acme", 1, Rule.AGREED)
    assert "city" not in party.values


def test_an_address_never_mixes_two_records() -> None:
    trusted = member(1, {"street": "Hauptstr. 1", "city": "Bonn"}, trust=90)
    fuller = member(2, {"street": "1 Main St", "city": "Boston", "postcode": "02108", "country": "US"}, at=JUNE)
    party = merge_members([trusted, fuller], COMPANY)
    assert outcome(party, "street") == ("Hauptstr. 1", 1, Rule.MOST_TRUSTED)
    assert outcome(party, "city") == ("Bonn", 1, Rule.MOST_TRUSTED)
    assert {"postcode", "country"}.isdisjoint(party.values)


def test_a_trusted_country_alone_does_not_displace_a_whole_address() -> None:
    country_only = member(1, {"country": "DE"}, trust=90, at=JUNE)
    whole = member(2, {"street": "Hauptstr. 1", "city": "Bonn", "country": "Germany"}, trust=10)
    party = merge_members([country_only, whole], COMPANY)
    assert outcome(party, "street") == ("Hauptstr. 1", 2, Rule.HAS_LEAD)
    assert outcome(party, "country") == ("Germany", 2, Rule.HAS_LEAD)


def test_without_any_street_the_city_leads_the_address() -> None:
    party = merge_members(
        [member(1, {"country": "DE"}, trust=90), member(2, {"city": "Bonn", "country": "DE"})], COMPANY
    )
    assert outcome(party, "country") == ("DE", 2, Rule.HAS_LEAD)


def test_an_address_with_more_parts_is_more_complete_than_one_with_more_letters() -> None:
    long = member(1, {"street": "Landsberger Straße 110, Hinterhaus", "city": "München"})
    full = member(2, {"street": "Kai 1", "city": "Ulm", "country": "DE"})
    assert outcome(merge_members([long, full], COMPANY), "street") == ("Kai 1", 2, Rule.MOST_COMPLETE)


def test_the_most_frequent_value_wins_letter_case_and_spacing_aside() -> None:
    names = ["Acme  gmbh", "Acme Holding", "ACME GmbH"]
    members = [member(index, {"name": name}) for index, name in enumerate(names)]
    party = merge_members(members, policy_of(Strategy.MOST_FREQUENT, Strategy.MOST_TRUSTED))
    assert outcome(party, "name") == ("Acme  gmbh", 0, Rule.FIRST_IN_ORDER)


def test_frequency_counts_records_that_an_earlier_rule_put_behind() -> None:
    members = [
        member(1, {"name": "Rare"}, trust=90),
        member(2, {"name": "Common"}, trust=90),
        member(3, {"name": "common"}, trust=10),
    ]
    party = merge_members(members, policy_of(Strategy.MOST_TRUSTED, Strategy.MOST_FREQUENT))
    assert outcome(party, "name") == ("Common", 2, Rule.MOST_FREQUENT)


@pytest.mark.parametrize(
    ("better", "worse"), [("verified", "plausible"), ("plausible", ""), ("plausible", "odd"), ("odd", "wrong")]
)
def test_a_better_checked_number_beats_trust_when_the_policy_says_so(better: str, worse: str) -> None:
    members = [
        member(1, {"vat": "DE1", "vat.check": worse}, trust=90),
        member(2, {"vat": "DE2", "vat.check": better}, trust=10),
    ]
    party = merge_members(members, policy_of(Strategy.VERIFIED_FIRST, Strategy.MOST_TRUSTED))
    assert outcome(party, "vat") == ("DE2", 2, Rule.VERIFIED_FIRST)
    assert set(party.values) == {"vat"}


def test_what_the_policy_leaves_equal_goes_by_byte_order_of_source_and_key() -> None:
    # U+FF21 sorts before U+1D538 by bytes and after it by UTF-16 units.
    members = [
        Member(1, "𝔸", "1", 1, None, {"name": "aa"}),
        Member(2, "\uff21", "2", 1, None, {"name": "bb"}),
        Member(3, "\uff21", "10", 1, None, {"name": "cc"}),
    ]
    assert outcome(merge_members(members, COMPANY), "name") == ("cc", 3, Rule.FIRST_IN_ORDER)


def test_one_value_is_the_only_one_and_equal_values_agree() -> None:
    party = merge_members([member(1, {"name": "Acme", "duns": "1"}), member(2, {"name": "Acme", "duns": ""})], COMPANY)
    assert outcome(party, "name") == ("Acme", 1, Rule.AGREED)
    assert outcome(party, "duns") == ("1", 1, Rule.ONLY_VALUE)


def test_agreeing_records_still_credit_the_one_the_policy_prefers() -> None:
    party = merge_members([member(1, {"name": "Acme"}, trust=1), member(2, {"name": "Acme"}, trust=2)], COMPANY)
    assert outcome(party, "name") == ("Acme", 2, Rule.AGREED)


def test_a_pin_outranks_every_record_and_needs_none() -> None:
    pins = [PinnedValue("name", "Acme AG"), PinnedValue("phone", " ")]
    party = merge_members([member(1, {"name": "Acme", "phone": "030 1"})], COMPANY, pins)
    assert outcome(party, "name") == ("Acme AG", None, Rule.PINNED)
    assert outcome(party, "phone") == ("", None, Rule.PINNED)
    assert outcome(merge_members([], COMPANY, pins), "name") == ("Acme AG", None, Rule.PINNED)


def test_a_pin_in_an_address_brings_the_rest_of_the_address_that_fits_it() -> None:
    trusted = member(1, {"street": "Hauptstr. 1", "city": "Bonn"}, trust=90)
    fitting = member(2, {"street": "Neue Str. 5", "city": "Köln"}, trust=10)
    party = merge_members([trusted, fitting], COMPANY, [PinnedValue("street", "NEUE STR. 5")])
    assert outcome(party, "street") == ("NEUE STR. 5", None, Rule.PINNED)
    assert outcome(party, "city") == ("Köln", 2, Rule.FITS_PIN)


def test_no_members_and_no_pins_give_no_values() -> None:
    assert merge_members([], COMPANY) == GoldenParty({})


def test_repeated_records_and_pins_are_refused() -> None:
    with pytest.raises(ValueError, match="record 1 occurs twice"):
        merge_members([member(1, {}), member(1, {})], COMPANY)
    with pytest.raises(ValueError, match="pinned attribute 'name' occurs twice"):
        merge_members([], COMPANY, [PinnedValue("name", "a"), PinnedValue("name", "b")])


ATTRIBUTES = ("name", "street", "city", "country", "phone", "vat.check", "vat")
hostile_members = st.lists(
    st.builds(
        Member,
        record=st.integers(),
        source=st.text(max_size=2),
        source_key=st.text(max_size=2),
        trust=st.integers(0, 2),
        modified_at=st.none() | st.datetimes() | st.datetimes(timezones=st.just(UTC)),
        given=st.dictionaries(st.sampled_from(ATTRIBUTES), st.text(st.characters(), max_size=3)),
    ),
    max_size=8,
    unique_by=lambda each: each.record,
)
orders = st.lists(st.sampled_from(Strategy), min_size=1, unique=True).map(tuple)


@given(hostile_members, orders, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(
    members: list[Member], order: tuple[Strategy, ...], chance: random.Random
) -> None:
    policy = SurvivorshipPolicy(default=order, follow={"street": ("city", "country")})
    pins = [PinnedValue("city", "x"), PinnedValue("phone", "y")]
    expected = merge_members(members, policy, pins)
    chance.shuffle(members)
    shuffled = [
        Member(m.record, m.source, m.source_key, m.trust, m.modified_at, dict(reversed(list(m.given.items()))))
        for m in members
    ]
    again = merge_members(shuffled, policy, reversed(pins))
    assert again == expected
    assert list(again.values) == sorted(expected.values)


@given(hostile_members, orders)
def test_every_value_is_what_its_record_gave_and_blocks_share_one_record(
    members: list[Member], order: tuple[Strategy, ...]
) -> None:
    policy = SurvivorshipPolicy(default=order, follow={"street": ("city", "country")})
    values = merge_members(members, policy).values
    by_record = {each.record: each for each in members}
    for name, golden in values.items():
        assert golden.record is not None
        assert golden.value in by_record[golden.record].given[name]
    assert len({values[name].record for name in ("street", "city", "country") if name in values}) <= 1


@given(hostile_members, orders)
def test_a_record_that_says_nothing_changes_no_value(members: list[Member], order: tuple[Strategy, ...]) -> None:
    policy = SurvivorshipPolicy(default=order)
    silent = Member(max([0, *(each.record for each in members)]) + 1, "", "", 9, JUNE, {"name": " ", "vat.check": "x"})
    assert merge_members([*members, silent], policy) == merge_members(members, policy)


def winners_by_filtering(members: Sequence[Member], order: Sequence[Strategy]) -> str | None:
    """Choose a name the slow way a steward would: keep the best by each rule in turn."""
    left = [each for each in members if each.given.get("name")]
    for strategy in order:
        if strategy is Strategy.MOST_TRUSTED:
            left = [each for each in left if each.trust == max(other.trust for other in left)]
        if strategy is Strategy.MOST_COMPLETE:
            left = [each for each in left if len(each.given["name"]) == max(len(o.given["name"]) for o in left)]
    left.sort(key=lambda each: (each.source.encode(), each.source_key.encode(), each.record))
    return left[0].given["name"] if left else None


@given(
    st.lists(
        st.builds(
            Member,
            record=st.integers(0, 99),
            source=st.sampled_from("ab"),
            source_key=st.sampled_from("12"),
            trust=st.integers(0, 1),
            modified_at=st.none(),
            given=st.dictionaries(st.just("name"), st.sampled_from(["x", "yy", "zz", ""])),
        ),
        max_size=6,
        unique_by=lambda each: each.record,
    ),
    st.permutations([Strategy.MOST_TRUSTED, Strategy.MOST_COMPLETE]),
)
def test_the_winner_is_the_one_that_filtering_rule_by_rule_leaves(members: list[Member], order: list[Strategy]) -> None:
    party = merge_members(members, policy_of(*order))
    golden = party.values.get("name")
    assert (golden and golden.value) == winners_by_filtering(members, order)
