"""Why each record's value won or lost: the first of the ranking is what survivorship takes."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from apps.engine.survive import Member, PinnedValue, Rule, SurvivorshipPolicy, load_company_policy, merge_members
from apps.engine.survive.ranking import rank_members

POLICY = load_company_policy()


def member(record: int, *, trust: int = 50, year: int = 2024, **said: str) -> Member:
    return Member(record, "crm", f"k{record}", trust, datetime(year, 1, 1, tzinfo=UTC), said)


def test_each_loser_names_the_first_rule_that_preferred_the_winner() -> None:
    members = [
        member(1, name="Acme"),
        member(2, trust=90, name="Acme AG"),
        member(3, trust=90, year=2020, name="Acme Old"),
        member(4, trust=90, year=2024, name="Acme AG"),
        member(5, trust=90, year=2024, name="Acme AB"),
        member(6, city="Bonn"),
    ]
    ranking = rank_members("name", members, POLICY)
    assert [(row.record, row.lost_by) for row in ranking.ranked] == [
        (2, None),
        (4, Rule.AGREED),
        (5, Rule.FIRST_IN_ORDER),
        (3, Rule.MOST_RECENT),
        (1, Rule.MOST_TRUSTED),
    ]
    assert (ranking.leader, ranking.winner) == ("name", 2)
    assert [row.rank for row in ranking.ranked] == [1, 2, 3, 4, 5]


def test_a_field_of_a_block_loses_with_its_record_even_where_the_winner_leaves_it_blank() -> None:
    members = [member(1, trust=90, street="Kai 1"), member(2, city="Bonn", street="Weg 2"), member(3, city="Köln")]
    ranking = rank_members("city", members, POLICY)
    assert (ranking.leader, ranking.winner) == ("street", 1)
    assert [(row.record, row.lost_by) for row in ranking.ranked] == [(2, Rule.MOST_TRUSTED), (3, Rule.HAS_LEAD)]


def test_a_pin_of_another_field_of_the_block_counts_and_one_of_its_own_does_not() -> None:
    members = [member(1, trust=90, street="Kai 1", city="Kiel"), member(2, street="Weg 2", city="Bonn")]
    pins = [PinnedValue("street", "Weg 2", 7), PinnedValue("city", "Kiel", 8)]
    ranking = rank_members("city", members, POLICY, pins)
    assert [(row.record, row.lost_by) for row in ranking.ranked] == [(2, None), (1, Rule.FITS_PIN)]


def test_nobody_says_anything() -> None:
    ranking = rank_members("phone", [member(1, name="Acme")], POLICY)
    assert (ranking.leader, ranking.winner, ranking.ranked) == ("phone", None, ())


TEXT = st.sampled_from(["", "a", "b", "B "])


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(2020, 2022), TEXT, TEXT, TEXT), max_size=6),
    st.sampled_from(["name", "phone", "street", "city"]),
)
def test_the_winner_is_the_record_that_survivorship_takes_the_value_from(
    rows: list[tuple[int, int, str, str, str]], attribute: str
) -> None:
    members = [
        member(at, trust=trust, year=year, name=a, phone=b, street=b, city=c)
        for at, (trust, year, a, b, c) in enumerate(rows, start=1)
    ]
    policy = SurvivorshipPolicy(default=POLICY.default, attributes=POLICY.attributes, follow=POLICY.follow)
    chosen = merge_members(members, policy).values.get(attribute)
    ranking = rank_members(attribute, members, policy)
    winners = [row for row in ranking.ranked if row.lost_by is None]
    assert [(row.record, row.value) for row in winners] == ([(chosen.record, chosen.value)] if chosen else [])
