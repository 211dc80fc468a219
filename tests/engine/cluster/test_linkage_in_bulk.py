"""The compiled linkage of the bulk path gives the groups and the conflicts of `cluster.group_by_rules`."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bulk.grouping import (
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
from apps.engine.cluster import group_by_rules
from apps.engine.rules import load_company_rules

RULES = load_company_rules()
FEW_SCORES = st.integers(-3, 4).map(lambda score: score * 1000)
"""So few different scores that equal means abound."""
SCORES = FEW_SCORES | st.integers(-40_000, 60_000)
KINDS = st.sampled_from(["", "", "", "", "barred", "same", "different", "same barred", "same different"])


@dataclass(frozen=True)
class Component:
    size: int
    scores: list[int]
    kinds: list[str]

    def flags(self, kind: str) -> np.ndarray:
        return np.array([kind in kinds.split() for kinds in self.kinds], dtype=np.bool_)


@st.composite
def components(draw: st.DrawFn) -> Component:
    size = draw(st.integers(2, 9))
    pairs = size * (size - 1) // 2
    scores = draw(st.lists(draw(st.sampled_from([FEW_SCORES, SCORES])), min_size=pairs, max_size=pairs))
    return Component(size, scores, draw(st.lists(KINDS, min_size=pairs, max_size=pairs)))


def square(values: np.ndarray, size: int) -> np.ndarray:
    matrix = np.zeros((size, size), dtype=values.dtype)
    first, second = np.triu_indices(size, 1)
    matrix[first, second] = matrix[second, first] = values
    return matrix


def expected(component: Component, most: int) -> tuple[list[int], list[tuple[int, int]]]:
    size, same = component.size, component.flags("same")
    first, second = np.triu_indices(size, 1)
    grouping = group_by_rules(
        square(np.array(component.scores, dtype=np.int64), size),
        square(component.flags("barred") & ~same, size),
        replace(RULES, caps=replace(RULES.caps, cluster=most)),
        same=list(zip(first[same].tolist(), second[same].tolist(), strict=True)),
        different=square(component.flags("different"), size),
    )
    return grouping.labels, grouping.conflicts


def found(some: list[Component], most: int) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Settle components side by side, each with rows of its own in falling order."""
    starts = np.cumsum([0, *(component.size for component in some)])
    rows = np.arange(starts[-1], dtype=np.int32)[::-1].copy()
    labels = np.arange(starts[-1])
    scores = np.array([score for component in some for score in component.scores], dtype=np.int32)
    flags = [np.concatenate([component.flags(kind) for component in some]) for kind in ("barred", "same", "different")]
    ours, theirs = all_pairs(rows, starts, len(scores))
    linkage = Linkage(RULES.thresholds.doubt, RULES.thresholds.link, most)
    conflicts = group_components(Components(rows, starts), Facts(scores, *flags), linkage, labels)
    place = np.empty(len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    settled = []
    for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        mine = conflicts & (place[ours] >= first) & (place[ours] < last)
        apart = zip((place[ours[mine]] - first).tolist(), (place[theirs[mine]] - first).tolist(), strict=True)
        settled.append(((place[labels[rows[first:last]]] - first).tolist(), list(apart)))
    return settled


@settings(max_examples=300, deadline=None)
@given(st.lists(components(), min_size=1, max_size=4), st.integers(2, 9))
def test_components_fall_into_the_groups_of_the_row_code(some: list[Component], most: int) -> None:
    assert found(some, most) == [expected(component, most) for component in some]


@pytest.mark.parametrize("seed", range(4))
def test_a_large_component_with_many_equal_means_falls_into_the_groups_of_the_row_code(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 60
    pairs = size * (size - 1) // 2
    kinds = rng.choice(["", "barred", "same", "different"], pairs, p=[0.95, 0.03, 0.01, 0.01]).tolist()
    component = Component(size, (rng.integers(-2, 3, pairs) * 1000).tolist(), kinds)
    for most in (5, 20, 100):
        assert found([component], most) == [expected(component, most)]


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


def test_scores_are_looked_up_where_the_links_have_them() -> None:
    starts, right = np.array([0, 2, 2, 3, 3]), np.array([1, 3, 3], dtype=np.int32)
    low, high = np.array([0, 0, 0, 1, 2], dtype=np.int32), np.array([3, 1, 2, 3, 3], dtype=np.int32)
    scores, held = look_up(LinksByRow(starts, right, np.array([10, 20, 30], dtype=np.int32)), low, high)
    assert held.tolist() == [True, True, False, False, True]
    assert scores[held].tolist() == [20, 10, 30]
