"""How good a clustering is, against the true one.

B-cubed averages over records (Bagga & Baldwin 1998), so each record weighs the same; pairwise measures count every
pair of records of one cluster, so one large wrong cluster costs much. Report both, and the exact share, together.
"""

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np

from apps.engine.evaluate.overlap import Overlap, overlap_of
from apps.engine.evaluate.ranges import Range, ratio_range

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
    found = (clusters.get(key, ("alone", key)) for key in truth)
    return measure(overlap_of(truth.values(), found), unlabelled=sum(key not in clusters for key in truth))


def measure(overlap: Overlap, *, unlabelled: int = 0) -> Measures:
    """Return the measures of an overlap; `unlabelled` says how many of its records no cluster was given for.

    Raises ValueError where it is empty.
    """
    if not len(overlap.shared):
        raise ValueError("There is no truth to evaluate against.")
    n = overlap.shared
    shares = {name: ratio_range(*parts).share for name, parts in _parts_by_entity(overlap).items()}
    return Measures(
        records=int(n.sum()),
        entities=len(overlap.entities),
        clusters=len(overlap.clusters),
        unlabelled=unlabelled,
        **shares,
        b3_f1=f1(shares["b3_precision"], shares["b3_recall"]),
        over_merged=int(np.count_nonzero(np.bincount(overlap.cluster) > 1)),
        split=int(np.count_nonzero(np.bincount(overlap.entity) > 1)),
    )


def ranges_of(overlap: Overlap) -> dict[str, Range]:
    """Return the shares among the measures with their confidence ranges; B-cubed F1 is no ratio of sums and has none.

    They speak about entities like those of the truth: a truth that was picked by hand speaks about hand-picked ones.
    """
    return {name: ratio_range(*parts) for name, parts in _parts_by_entity(overlap).items()}


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _parts_by_entity(overlap: Overlap) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return per measure what each entity adds to its numerator and to its denominator.

    A wrong pair belongs half to each of its two entities.
    """
    n, entity, cluster = overlap.shared, overlap.entities[overlap.entity], overlap.clusters[overlap.cluster]
    hits = overlap.by_entity(n * (n - 1) // 2)
    found = hits + overlap.by_entity(n * (cluster - n) / 2)
    true = (overlap.entities * (overlap.entities - 1) // 2).astype(np.float64)
    records = overlap.entities.astype(np.float64)
    exact = overlap.by_entity(((n == entity) & (n == cluster)).astype(np.float64))
    return {
        "pair_precision": (hits, found),
        "pair_recall": (hits, true),
        "pair_f1": (2 * hits, found + true),
        "b3_precision": (overlap.by_entity(n * n / cluster), records),
        "b3_recall": (overlap.by_entity(n * n / entity), records),
        "entities_exact": (exact, np.ones(len(overlap.entities))),
    }
