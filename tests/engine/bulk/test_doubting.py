"""Which pair of a cluster is doubted, and of which of its two records."""

import numpy as np

from apps.engine.bulk.doubting import Doubts, doubts_table, find_doubts

LABELS = np.array([0, 0, 0, 0, 4, 4])


def find(scores: dict[tuple[int, int], int], *, most: int = -4_000, bound: list[int] | None = None) -> list[list[int]]:
    pairs = sorted(scores)
    ours, theirs = (np.array(side, dtype=np.int32) for side in zip(*pairs, strict=True))
    found = find_doubts(
        (ours, theirs, np.array([scores[pair] for pair in pairs], dtype=np.int32)),
        LABELS,
        None if bound is None else np.array(bound),
        most,
    )
    return [list(row) for row in zip(*(column.tolist() for column in found), strict=True)]


def scored(**changes: int) -> dict[tuple[int, int], int]:
    """Return all pairs of the first four rows at 5 bits, but for those named as p01 and so on."""
    plain = {(a, b): 5_000 for a in range(4) for b in range(a + 1, 4)}
    return plain | {(int(name[1]), int(name[2])): score for name, score in changes.items()}


def test_the_lowest_pair_of_a_cluster_is_doubted_and_the_record_that_stands_more_alone_asked_about() -> None:
    assert find(scored(p01=-4_000, p02=-5_000, p12=6_000)) == [[0, 2, -5_000, 0]]
    assert find(scored(p02=-5_000, p12=-4_500)) == [[0, 2, -5_000, 2]]


def test_of_equals_the_first_pair_is_doubted_and_the_later_record_asked_about() -> None:
    assert find(scored(p13=-4_000, p02=-4_000)) == [[0, 2, -4_000, 2]]


def test_a_score_above_the_threshold_and_pairs_of_two_clusters_are_not_doubted() -> None:
    assert find(scored(p01=-3_999)) == []
    assert find(scored(p01=-4_000) | {(3, 4): -9_000, (4, 5): -6_000}) == [[0, 1, -4_000, 1], [4, 5, -6_000, 5]]


def test_what_verdicts_hold_together_is_not_doubted_also_along_a_chain() -> None:
    scores = scored(p02=-5_000, p13=-4_500)
    assert find(scores, bound=[0, 1, 0, 3, 4, 5]) == [[1, 3, -4_500, 3]]
    assert find(scores, bound=[0, 0, 0, 0, 4, 5]) == []


def test_doubts_are_told_by_record_the_lowest_score_first() -> None:
    ids = np.array([40, 30, 20, 10])
    one = Doubts(*(np.array(column, dtype=np.int32) for column in ([0], [1], [-4_000], [1])))
    other = Doubts(*(np.array(column, dtype=np.int32) for column in ([2], [3], [-7_000], [2])))
    assert [tuple(row.values()) for row in doubts_table(ids, [one, other]).to_pylist()] == [
        (10, 20, -7_000, 20),
        (30, 40, -4_000, 30),
    ]
    assert doubts_table(ids, []).num_rows == 0
