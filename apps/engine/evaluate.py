"""How good a clustering is, against the true one.

B-cubed averages over records (Bagga & Baldwin 1998), so each record weighs the same; pairwise measures count every
pair of records of one cluster, so one large wrong cluster costs much. Report both, and the exact share, together.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Measures:
    """Shares lie in 0..1. Over-merged clusters hold several entities (costly), split entities several clusters."""

    records: int
    entities: int
    clusters: int
    unlabelled: int
    pair_precision: float
    pair_recall: float
    pair_f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    entities_exact: float
    over_merged: int
    split: int

    def to_document(self) -> dict[str, int | float]:
        """Return plain data, shares rounded to five places."""
        return {name: round(value, 5) if isinstance(value, float) else value for name, value in asdict(self).items()}


def evaluate(truth: Mapping[Key, Hashable], clusters: Mapping[Key, Hashable]) -> Measures:
    """Return the measures of `clusters` (record key to cluster) against `truth` (record key to entity).

    A record that `clusters` lacks counts as a singleton; one that `truth` lacks is left out. Raises ValueError where
    the truth is empty.
    """
    if not truth:
        raise ValueError("There is no truth to evaluate against.")
    label = {key: clusters.get(key, ("alone", key)) for key in truth}
    entity, cluster = Counter(truth.values()), Counter(label.values())
    both = Counter((truth[key], label[key]) for key in truth)
    hits, count = _pairs(both.values()), len(truth)
    precision = _share(hits, _pairs(cluster.values()))
    recall = _share(hits, _pairs(entity.values()))
    b3_precision = sum(n * n / cluster[c] for (_, c), n in both.items()) / count
    b3_recall = sum(n * n / entity[e] for (e, _), n in both.items()) / count
    exact = sum(1 for (e, c), n in both.items() if n == entity[e] == cluster[c])
    return Measures(
        records=count,
        entities=len(entity),
        clusters=len(cluster),
        unlabelled=sum(key not in clusters for key in truth),
        pair_precision=precision,
        pair_recall=recall,
        pair_f1=f1(precision, recall),
        b3_precision=b3_precision,
        b3_recall=b3_recall,
        b3_f1=f1(b3_precision, b3_recall),
        entities_exact=exact / len(entity),
        over_merged=sum(n > 1 for n in Counter(c for _, c in both).values()),
        split=sum(n > 1 for n in Counter(e for e, _ in both).values()),
    )


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _pairs(sizes: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)


def _share(hits: int, of: int) -> float:
    return hits / of if of else 1.0
