"""Decisions as a whole: closed groups, contradictions with their chain, and what gives way to one that cites it."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from apps.matching.algebra import APART, SAME, Contradiction, Said, close_groups, find_contradiction, find_overruled

RECORDS = range(1, 8)
saids = st.builds(
    lambda pair, kind, verdict: Said(min(pair), max(pair), kind, verdict),
    st.sampled_from(list(combinations(RECORDS, 2))),
    st.sampled_from([SAME, *APART]),
    st.integers(1, 5),
)


def same(a: int, b: int, verdict: int = 0) -> Said:
    return Said(min(a, b), max(a, b), SAME, verdict)


def different(a: int, b: int, verdict: int = 0) -> Said:
    return Said(min(a, b), max(a, b), "different", verdict)


def told(contradiction: Contradiction | None) -> list[tuple[int, int, str, int]]:
    assert contradiction is not None
    return [(step.left, step.right, step.said.kind, step.said.verdict) for step in contradiction.chain]


def can_be(said: list[Said]) -> bool:
    """Try every way to part the records: the plain meaning of decisions, apart from the code under test."""
    group = {record: record for record in RECORDS}
    for one in said:
        if one.kind == SAME:
            old, new = group[one.high], group[one.low]
            group = {record: new if place == old else place for record, place in group.items()}
    kinds: dict[tuple[int, int], set[str]] = {}
    for one in said:
        kinds.setdefault(one.pair, set()).add(one.kind)
    return all(group[one.low] != group[one.high] for one in said if one.kind in APART) and all(
        len(kind) == 1 for kind in kinds.values()
    )


def test_a_different_between_ends_of_a_chain_is_refused_naming_both_decisions() -> None:
    found = find_contradiction([same(1, 2, 41), same(2, 3, 42)], [different(1, 3)])
    assert told(found) == [(1, 2, "same", 41), (2, 3, "same", 42)]


def test_a_same_across_a_different_is_refused_with_the_way_through_it() -> None:
    found = find_contradiction([same(1, 5, 7), different(5, 6, 8), same(2, 6, 9)], [same(1, 2)])
    assert told(found) == [(1, 5, "same", 7), (5, 6, "different", 8), (6, 2, "same", 9)]


def test_a_decision_that_contradicts_itself_is_refused_with_its_own_steps() -> None:
    found = find_contradiction([different(1, 3, 4)], [same(1, 2), same(2, 3)])
    assert sorted(told(found)) == [(1, 3, "different", 4), (3, 2, "same", 0)]
    assert found is not None
    assert found.asked == same(1, 2)


def test_different_and_related_of_one_pair_contradict() -> None:
    found = find_contradiction([different(1, 2, 3)], [Said(1, 2, "related")])
    assert told(found) == [(1, 2, "different", 3)]


def test_of_two_chains_the_shorter_is_told() -> None:
    standing = [same(1, 2, 1), same(2, 3, 1), same(3, 4, 1), same(1, 9, 2), same(4, 9, 2)]
    assert len(told(find_contradiction(standing, [different(1, 4)]))) == 2


def test_only_what_crosses_the_sides_of_a_cited_decision_gives_way() -> None:
    standing = [same(1, 2, 5), same(1, 3, 5), same(2, 3, 6)]
    asked = [different(1, 2), different(2, 3)]
    sides = {1: 0, 3: 0, 2: 1}
    assert find_overruled(standing, asked, cited={5, 6}, sides=sides) == [same(1, 2, 5), same(2, 3, 6)]
    # A decision that isn't cited stays, and so does the contradiction.
    assert find_overruled(standing, asked, cited={5}, sides=sides) == [same(1, 2, 5)]
    left = [same(1, 3, 5), same(2, 3, 6)]
    assert told(find_contradiction(left, asked)) == [(2, 3, "same", 6)]


def test_a_cited_different_gives_way_and_the_sames_around_it_stay() -> None:
    standing = [same(1, 5, 7), different(5, 6, 7), same(2, 6, 7)]
    assert find_overruled(standing, [same(1, 2)], cited={7}, sides={}) == [different(5, 6, 7)]


def test_a_cited_word_on_the_very_pair_is_renewed() -> None:
    assert find_overruled([different(1, 2, 3)], [different(1, 2)], cited={3}, sides={}) == [different(1, 2, 3)]


@given(st.lists(saids, max_size=9))
def test_a_contradiction_is_found_exactly_where_there_is_one(said: list[Said]) -> None:
    standing: list[Said] = []
    for one in said:
        asked = Said(one.low, one.high, one.kind)
        found = find_contradiction(standing, [asked])
        assert (found is None) == can_be([*standing, one])
        if found is None:
            standing.append(one)
            continue
        # The chain leads from end to end, over what stands, and can't be true together with what is asked.
        assert found.asked == asked
        assert (found.chain[0].left, found.chain[-1].right) == asked.pair
        assert all(a.right == b.left for a, b in zip(found.chain, found.chain[1:], strict=False))
        assert {step.said for step in found.chain} <= set(standing)
        assert not can_be([*(step.said for step in found.chain), asked])


@given(st.lists(saids, max_size=9), st.lists(saids, min_size=1, max_size=3))
def test_citing_every_decision_always_makes_room(said: list[Said], wished: list[Said]) -> None:
    standing: list[Said] = []
    for one in said:
        if can_be([*standing, one]):
            standing.append(one)
    asked = [Said(one.low, one.high, one.kind) for one in wished]
    if not can_be(asked):
        return
    gone = find_overruled(standing, asked, cited=range(1, 6), sides={})
    assert can_be([*(one for one in standing if one not in gone), *asked])


@given(st.lists(saids, max_size=9), st.randoms())
def test_closed_groups_do_not_depend_on_the_order_of_decisions(said: list[Said], random: object) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert close_groups(said) == close_groups(shuffled)
