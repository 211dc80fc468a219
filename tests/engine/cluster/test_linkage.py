import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.cluster import Join, agglomerate


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
    assert agglomerate(scores, bars(3), 0, 10).labels == [0, 0, 2]


def test_a_strong_mean_joins_all() -> None:
    assert agglomerate(matrix(3, {(0, 1): 5000, (1, 2): 4000}), bars(3), 0, 10).labels == [0, 0, 0]


def test_a_bar_keeps_its_pair_apart_and_the_better_match_wins() -> None:
    scores = matrix(3, {(0, 1): 9000, (1, 2): 5000, (0, 2): 9000})
    assert agglomerate(scores, bars(3, (0, 2)), 0, 10).labels == [0, 0, 2]


def test_a_bar_holds_for_groups_that_grew() -> None:
    scores = matrix(4, {(0, 1): 9000, (2, 3): 9000, (1, 2): 8000}, other=8000)
    labels = agglomerate(scores, bars(4, (0, 3)), 0, 10).labels
    assert labels[0] != labels[3]


def test_a_persons_same_outranks_scores_and_bars() -> None:
    grouping = agglomerate(matrix(2, {}), bars(2, (0, 1)), 0, 10, same=[(0, 1)])
    assert grouping.labels == [0, 0]
    assert grouping.conflicts == []


def test_a_persons_different_stands_against_a_chain_of_sames() -> None:
    grouping = agglomerate(matrix(3, {}), bars(3), 0, 10, same=[(0, 1), (1, 2)], different=bars(3, (0, 2)))
    assert grouping.labels == [0, 0, 2]
    assert grouping.conflicts == [(1, 2)]


def test_no_group_outgrows_the_cap() -> None:
    grouping = agglomerate(matrix(6, {}, other=7000), bars(6), 0, 4)
    assert max(grouping.labels.count(label) for label in grouping.labels) <= 4


def test_of_equal_means_the_first_members_join() -> None:
    scores = matrix(3, {(0, 1): 4000, (1, 2): 4000}, other=-9000)
    assert agglomerate(scores, bars(3), 0, 10).labels == [0, 0, 2]


def test_steps_tell_the_joins_in_order_with_sizes_and_means() -> None:
    scores = matrix(4, {(0, 3): 9000, (1, 2): 7000}, other=1001)
    assert agglomerate(scores, bars(4), 1000, 10).steps == [
        Join(0, 3, (1, 1), 9000, forced=False),
        Join(1, 2, (1, 1), 7000, forced=False),
        Join(0, 1, (2, 2), 1001, forced=False),
    ]


def test_a_join_that_a_person_asked_for_comes_first_and_says_so() -> None:
    scores = matrix(3, {(0, 1): 9000, (0, 2): -4000, (1, 2): -1})
    steps = agglomerate(scores, bars(3), -3000, 10, same=[(0, 2)]).steps
    assert steps == [Join(0, 2, (1, 1), -4000, forced=True), Join(0, 1, (2, 1), 4499, forced=False)]


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(-5000, 9000), min_size=15, max_size=15))
    )
)
def test_no_pair_of_groups_left_could_still_join(case: tuple[int, list[int]]) -> None:
    count, values = case
    scores = matrix(count, dict(zip(itertools.combinations(range(count), 2), values, strict=False)))
    labels = agglomerate(scores, bars(count), 0, 10).labels
    groups = [[i for i, label in enumerate(labels) if label == group] for group in sorted(set(labels))]
    for a, b in itertools.combinations(groups, 2):
        assert scores[np.ix_(a, b)].mean() < 0


@pytest.mark.parametrize("count", [1, 2, 50])
def test_all_alike_become_one(count: int) -> None:
    assert agglomerate(matrix(count, {}, other=1), bars(count), 0, 100).labels == [0] * count
