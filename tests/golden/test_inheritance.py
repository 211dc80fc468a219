"""Which id goes on: most records first, then the older id, and never the order things came in."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.golden.inheritance import NONE, Inheritance, inherit

Row = tuple[int, int, int]  # cluster now, golden record before, place in byte order


def settle(rows: list[Row], gone: list[int] | None = None) -> Inheritance:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return inherit(columns[:, 0], columns[:, 1], columns[:, 2], np.array(gone or [], dtype=np.int64))


def ranked(*pairs: tuple[int, int]) -> list[Row]:
    return [(cluster, golden, place) for place, (cluster, golden) in enumerate(pairs)]


def test_a_cluster_as_before_keeps_its_id() -> None:
    assert settle(ranked((1, 7), (1, 7), (2, 8))) == Inheritance(kept={1: 7, 2: 8})


def test_new_records_get_new_ids_in_byte_order() -> None:
    assert settle([(5, NONE, 2), (9, NONE, 0), (6, NONE, 1)]).fresh == [9, 6, 5]


def test_a_new_record_joins_the_id_it_meets() -> None:
    assert settle(ranked((1, NONE), (1, 7))) == Inheritance(kept={1: 7})


def test_the_id_of_most_records_survives_a_merge() -> None:
    assert settle(ranked((1, 3), (1, 9), (1, 9))) == Inheritance(kept={1: 9}, merged={3: 1})


def test_of_equal_shares_the_older_id_survives() -> None:
    assert settle(ranked((1, 9), (1, 3))) == Inheritance(kept={1: 3}, merged={9: 1})


def test_the_larger_part_of_a_split_keeps_the_id() -> None:
    assert settle(ranked((1, 4), (2, 4), (2, 4))) == Inheritance(kept={2: 4}, fresh=[1])


def test_of_equal_parts_the_one_first_in_byte_order_keeps_the_id() -> None:
    assert settle([(1, 4, 1), (2, 4, 0)]) == Inheritance(kept={2: 4}, fresh=[1])


def test_an_id_without_a_cluster_merges_into_the_one_holding_most_of_its_records() -> None:
    rows = ranked((1, 1), (1, 1), (1, 1), (1, 5), (2, 2), (2, 2), (2, 2), (2, 5), (2, 5))
    assert settle(rows) == Inheritance(kept={1: 1, 2: 2}, merged={5: 2})


@pytest.mark.parametrize(("gone", "retired"), [([6], [6]), ([7], []), ([7, 6, 6], [6])])
def test_an_id_retires_only_when_none_of_its_records_is_left(gone: list[int], retired: list[int]) -> None:
    assert settle(ranked((1, 7)), gone).retired == retired


ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(NONE, 6)), min_size=1, max_size=40).map(
    lambda pairs: ranked(*pairs)
)


@settings(max_examples=300, deadline=None)
@given(rows=ROWS, data=st.data())
def test_the_result_does_not_depend_on_the_order_of_the_records(rows: list[Row], data: st.DataObject) -> None:
    assert settle(data.draw(st.permutations(rows))) == settle(rows)


@settings(max_examples=300, deadline=None)
@given(rows=ROWS)
def test_every_id_goes_on_once_and_every_cluster_carries_one(rows: list[Row]) -> None:
    result = settle(rows)
    clusters, goldens = {c for c, _, _ in rows}, {g for _, g, _ in rows if g != NONE}
    assert sorted([*result.kept, *result.fresh]) == sorted(clusters)
    assert sorted([*result.kept.values(), *result.merged]) == sorted(goldens)
    together = Counter((c, g) for c, g, _ in rows)
    assert all(together[c, g] for c, g in result.kept.items())
    assert all(together[c, g] == max(together[k, g] for k in clusters) for g, c in result.merged.items())
    assert all(c in clusters for c in result.merged.values())


@settings(max_examples=300, deadline=None)
@given(rows=ROWS)
def test_nobody_loses_an_id_to_a_smaller_claim(rows: list[Row]) -> None:
    """An id that a cluster could have carried went to a claim as large, or the cluster carries a better one."""
    result = settle(rows)
    together = Counter((c, g) for c, g, _ in rows if g != NONE)
    for (cluster, golden), share in together.items():
        mine = result.kept.get(cluster)
        if mine == golden:
            continue
        theirs = next((c for c, g in result.kept.items() if g == golden), None)
        is_outbid = theirs is not None and together[theirs, golden] >= share
        has_better = mine is not None and (-together[cluster, mine], mine) < (-share, golden)
        assert is_outbid or has_better
