"""The compiled linkage of the bulk path gives the groups and the conflicts of `cluster.agglomerate`."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bulk.grouping import (
    NOBODY,
    Components,
    Facts,
    Linkage,
    LinksByRow,
    all_pairs,
    connected,
    group_components,
    look_up,
    members_of,
)
from apps.engine.cluster import Law, Weighed, agglomerate

FEW = np.array([[0, 4000, -3000, 1000], [0, 2000, -2000, -1000], [0, 1000, -6000, 0]], dtype=np.int32)
"""Weights so round that equal scores abound."""
MANY = np.random.default_rng(3).integers(-9000, 9000, (7, 6)).astype(np.int32)
MANY[:, 0] = 0
KINDS = ["", "", "", "", "barred", "same", "different", "same barred", "same different"]


@dataclass(frozen=True)
class Component:
    """Pairs of `size` members: their levels, shape (pairs, comparisons), and what is said about them."""

    size: int
    levels: np.ndarray
    kinds: list[str]

    def flags(self, kind: str) -> np.ndarray:
        return np.array([kind in kinds.split() for kinds in self.kinds], dtype=np.bool_)


@dataclass(frozen=True)
class Case:
    weights: np.ndarray
    prior: int
    law: Law
    components: list[Component]


def component(rng: np.random.Generator, size: int, weights: np.ndarray, chances: list[float]) -> Component:
    pairs = size * (size - 1) // 2
    levels = rng.choice(weights.shape[1], (pairs, len(weights)), p=rng.dirichlet(np.ones(weights.shape[1])))
    return Component(size, levels.astype(np.uint8), rng.choice(KINDS, pairs, p=chances).tolist())


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = draw(st.sampled_from([FEW, MANY]))
    law = Law(
        draw(st.sampled_from([-2000, -1000, 0, 1000])),
        draw(st.sampled_from([0, 1, 700, 1000])),
        draw(st.sampled_from([-3000, -1000, 500])),
        draw(st.integers(2, 9)),
    )
    sizes = draw(st.lists(st.integers(2, 9), min_size=1, max_size=4))
    chances = [1 / len(KINDS)] * len(KINDS)
    prior = draw(st.integers(-3000, 3000))
    return Case(weights, prior, law, [component(rng, size, weights, chances) for size in sizes])


def square(values: np.ndarray, size: int) -> np.ndarray:
    matrix = np.zeros((size, size, *values.shape[1:]), dtype=values.dtype)
    first, second = np.triu_indices(size, 1)
    matrix[first, second] = matrix[second, first] = values
    return matrix


def weigh(levels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.stack([weights[at][levels[:, at]] for at in range(len(weights))], axis=1).astype(np.int64)


def expected(case: Case, component: Component) -> tuple[list[int], list[tuple[int, int]]]:
    size, same = component.size, component.flags("same")
    first, second = np.triu_indices(size, 1)
    weighed = Weighed(
        case.prior, square(weigh(component.levels, case.weights), size), square(component.levels > 0, size)
    )
    grouping = agglomerate(
        weighed,
        square(component.flags("barred") & ~same, size),
        case.law,
        same=list(zip(first[same].tolist(), second[same].tolist(), strict=True)),
        different=square(component.flags("different"), size),
    )
    return grouping.labels, grouping.conflicts


def found(case: Case) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Settle components side by side, each with rows of its own in falling order."""
    some = case.components
    starts = np.cumsum([0, *(component.size for component in some)])
    rows = np.arange(starts[-1], dtype=np.int32)[::-1].copy()
    labels = np.arange(starts[-1])
    levels = np.concatenate([component.levels for component in some])
    scores = (case.prior + weigh(levels, case.weights).sum(axis=1)).astype(np.int32)
    flags = [np.concatenate([component.flags(kind) for component in some]) for kind in ("barred", "same", "different")]
    ours, theirs = all_pairs(rows, starts, len(scores))
    linkage = Linkage(case.prior, case.weights, *case.law)
    conflicts = group_components(Components(rows, starts), Facts(levels, scores, *flags), linkage, labels)
    place = np.empty(len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    settled = []
    for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        mine = conflicts & (place[ours] >= first) & (place[ours] < last)
        apart = zip((place[ours[mine]] - first).tolist(), (place[theirs[mine]] - first).tolist(), strict=True)
        settled.append(((place[labels[rows[first:last]]] - first).tolist(), list(apart)))
    return settled


@settings(max_examples=300, deadline=None)
@given(cases())
def test_components_fall_into_the_groups_of_the_row_code(case: Case) -> None:
    assert found(case) == [expected(case, component) for component in case.components]


@pytest.mark.parametrize("seed", range(4))
def test_a_large_component_with_many_equal_scores_falls_into_the_groups_of_the_row_code(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chances = [0.95, 0, 0, 0, 0.03, 0.01, 0.01, 0, 0]
    large = component(rng, 60, FEW, chances)
    joined = set()
    for most in (5, 20, 100):
        case = Case(FEW, 0, Law(0, 500, -2000, most), [large])
        assert found(case) == [expected(case, large)]
        joined.add(len(set(found(case)[0][0])))
    assert min(joined) < 60


@settings(deadline=None)
@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_rows_are_connected_to_the_smallest_row_that_a_chain_reaches(case: tuple[int, list[tuple[int, int]]]) -> None:
    rows, pairs = case
    reached = list(range(rows))
    for _ in range(rows):
        for one, other in pairs:
            reached[one] = reached[other] = min(reached[one], reached[other])
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    assert connected(rows, left.copy(), right.copy()).tolist() == reached


def test_members_come_in_the_order_of_keys_component_after_component() -> None:
    labels, order = np.array([0, 1, 0, 1, 4, 0]), np.array([5, 4, 3, 2, 1, 0])
    assert members_of(labels, order, np.array([1, 0]), np.array([0, 2, 5])).tolist() == [3, 1, 5, 2, 0]


def test_pairs_are_looked_up_where_the_links_have_them() -> None:
    starts, right = np.array([0, 2, 2, 3, 3]), np.array([1, 3, 3], dtype=np.int32)
    low, high = np.array([0, 0, 0, 1, 2], dtype=np.int32), np.array([3, 1, 2, 3, 3], dtype=np.int32)
    assert look_up(LinksByRow(starts, right), low, high).tolist() == [1, 0, NOBODY, NOBODY, 2]
