import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.cluster import Grouping, Join, Law, Weighed, agglomerate, score_groups, weigh_levels
from apps.engine.rules import load_company_rules

RULES = load_company_rules()
FLOOR = -50_000


def group(scores: np.ndarray, barred: np.ndarray, link: int, most: int, **told: Any) -> Grouping:
    """Agglomerate by one comparison that every pair knows: all of a score is its weight."""
    law = Law(link, told.pop("doubling", 0), told.pop("doubt", FLOOR), most)
    weighed = Weighed(0, scores[:, :, None], np.ones((*scores.shape, 1), dtype=np.bool_))
    return agglomerate(weighed, barred, law, **told)


def matrix(count: int, scores: dict[tuple[int, int], int], other: int = -3000) -> np.ndarray:
    full = np.full((count, count), other, dtype=np.int64)
    for (a, b), value in scores.items():
        full[a, b] = full[b, a] = value
    return full


def bars(count: int, *pairs: tuple[int, int]) -> np.ndarray:
    full = np.zeros((count, count), dtype=np.bool_)
    for a, b in pairs:
        full[a, b] = full[b, a] = True
    return full


def test_a_chain_with_a_weak_end_is_cut_where_the_mean_falls() -> None:
    scores = matrix(3, {(0, 1): 5000, (1, 2): 1000})
    assert group(scores, bars(3), 0, 10).labels == [0, 0, 2]


def test_a_strong_mean_joins_all() -> None:
    assert group(matrix(3, {(0, 1): 5000, (1, 2): 4000}), bars(3), 0, 10).labels == [0, 0, 0]


def test_a_bar_keeps_its_pair_apart_and_the_better_match_wins() -> None:
    scores = matrix(3, {(0, 1): 9000, (1, 2): 5000, (0, 2): 9000})
    assert group(scores, bars(3, (0, 2)), 0, 10).labels == [0, 0, 2]


def test_a_bar_holds_for_groups_that_grew() -> None:
    scores = matrix(4, {(0, 1): 9000, (2, 3): 9000, (1, 2): 8000}, other=8000)
    labels = group(scores, bars(4, (0, 3)), 0, 10).labels
    assert labels[0] != labels[3]


def test_a_persons_same_outranks_scores_and_bars() -> None:
    grouping = group(matrix(2, {}), bars(2, (0, 1)), 0, 10, same=[(0, 1)])
    assert grouping.labels == [0, 0]
    assert grouping.conflicts == []


def test_a_persons_different_stands_against_a_chain_of_sames() -> None:
    grouping = group(matrix(3, {}), bars(3), 0, 10, same=[(0, 1), (1, 2)], different=bars(3, (0, 2)))
    assert grouping.labels == [0, 0, 2]
    assert grouping.conflicts == [(1, 2)]


def test_no_group_outgrows_the_cap() -> None:
    grouping = group(matrix(6, {}, other=7000), bars(6), 0, 4)
    assert max(grouping.labels.count(label) for label in grouping.labels) <= 4


def test_of_equal_means_the_first_members_join() -> None:
    scores = matrix(3, {(0, 1): 4000, (1, 2): 4000}, other=-9000)
    assert group(scores, bars(3), 0, 10).labels == [0, 0, 2]


def test_steps_tell_the_joins_in_order_with_sizes_and_means() -> None:
    scores = matrix(4, {(0, 3): 9000, (1, 2): 7000}, other=1001)
    assert group(scores, bars(4), 1000, 10).steps == [
        Join(0, 3, (1, 1), 9000, forced=False),
        Join(1, 2, (1, 1), 7000, forced=False),
        Join(0, 1, (2, 2), 1001, forced=False),
    ]


def test_a_join_that_a_person_asked_for_comes_first_and_says_so() -> None:
    scores = matrix(3, {(0, 1): 9000, (0, 2): -4000, (1, 2): -1})
    steps = group(scores, bars(3), -3000, 10, same=[(0, 2)]).steps
    assert steps == [Join(0, 2, (1, 1), -4000, forced=True), Join(0, 1, (2, 1), 4499, forced=False)]


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(-5000, 9000), min_size=15, max_size=15))
    )
)
def test_no_pair_of_groups_left_could_still_join(case: tuple[int, list[int]]) -> None:
    count, values = case
    scores = matrix(count, dict(zip(itertools.combinations(range(count), 2), values, strict=False)))
    labels = group(scores, bars(count), 0, 10).labels
    groups = [[i for i, found in enumerate(labels) if found == label] for label in sorted(set(labels))]
    for a, b in itertools.combinations(groups, 2):
        between = scores[np.ix_(a, b)]
        assert between.mean() < 0 or between.max() < 0


@pytest.mark.parametrize("count", [1, 2, 50])
def test_all_alike_become_one(count: int) -> None:
    assert group(matrix(count, {}, other=1), bars(count), 0, 100).labels == [0] * count


def test_what_a_record_lacks_does_not_water_down_what_others_know() -> None:
    # The first comparison speaks against the two groups, the second one for them; member 2 knows nothing of it.
    weights, known = np.zeros((5, 5, 2), dtype=np.int64), np.ones((5, 5, 2), dtype=np.bool_)
    for one, other in itertools.permutations(range(5), 2):
        weights[one, other] = (9000, 0) if (one < 3) == (other < 3) else (-4000, 4500)
    weights[2, :, 1] = weights[:, 2, 1] = 0
    lacking = known.copy()
    lacking[2, :, 1] = lacking[:, 2, 1] = False
    law = Law(link=-700, doubling=0, doubt=FLOOR, most=10)
    assert agglomerate(Weighed(0, weights, lacking), bars(5), law).labels == [0] * 5
    assert agglomerate(Weighed(0, weights, known), bars(5), law).labels == [0, 0, 0, 3, 3]


def test_groups_of_several_need_more_than_a_record_that_joins_one() -> None:
    pairs = {(0, 1): 9000, (2, 3): 9000}
    scores = matrix(4, pairs, other=900)
    assert group(scores, bars(4), 0, 10, doubling=1000).labels == [0, 0, 2, 2]
    assert group(scores[:3, :3], bars(3), 0, 10, doubling=1000).labels == [0, 0, 0]
    assert group(scores, bars(4), 0, 10, doubling=900).labels == [0, 0, 0, 0]


def test_no_pair_counts_for_less_than_the_doubt_in_the_mean_of_pairs() -> None:
    scores = matrix(3, {(0, 1): 9000, (0, 2): 7000}, other=-12_000)
    assert group(scores, bars(3), 0, 10).labels == [0, 0, 2]
    assert group(scores, bars(3), 0, 10, doubt=-2000).labels == [0, 0, 0]


def test_groups_none_of_whose_pairs_reaches_the_threshold_stay_apart() -> None:
    # Their wholes add up to more than any pair has: one pair knows the first comparison, another one the second.
    weights, known = np.zeros((4, 4, 2), dtype=np.int64), np.zeros((4, 4, 2), dtype=np.bool_)
    for one, other, at in ((0, 2, 0), (1, 3, 1)):
        weights[one, other, at] = weights[other, one, at] = 3000
        known[one, other, at] = known[other, one, at] = True
    for one, other in ((0, 1), (2, 3)):
        weights[one, other] = weights[other, one] = (9000, 0)
    weighed = Weighed(-1000, weights, known)
    # As wholes the groups score 5,000, and their pairs 500 in the mean: 2,750.
    assert agglomerate(weighed, bars(4), Law(2000, 0, FLOOR, 10)).labels == [0, 0, 0, 0]
    assert agglomerate(weighed, bars(4), Law(2001, 0, FLOOR, 10)).labels == [0, 0, 2, 2]


def test_two_groups_alone_score_as_they_do_on_their_way() -> None:
    rng = np.random.default_rng(5)
    levels = np.zeros((5, 5, len(RULES.weighed)), dtype=np.uint8)
    for at, weighed in enumerate(RULES.weighed):
        drawn = np.triu(rng.integers(0, len(weighed.millibits), (5, 5)), 1)
        levels[:, :, at] = drawn + drawn.T
    law = Law(2**40, RULES.thresholds.doubling, RULES.thresholds.doubt, 10)
    last = agglomerate(weigh_levels(levels, RULES), bars(5), law, same=[(0, 1), (1, 4), (2, 3), (2, 4)]).steps[-1]
    assert last.sizes == (3, 2)
    assert last.score == score_groups(levels[np.ix_([0, 1, 4], [2, 3])], RULES)
