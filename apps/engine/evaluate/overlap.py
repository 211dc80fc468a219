"""How true entities and found clusters overlap, in counts of records."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from apps.engine.bulk.frames import Ints


@dataclass(frozen=True)
class Overlap:
    """One cell per entity and cluster that share records.

    `entity`, `cluster` and `shared` are the cells' codes and counts of records; `entities` and `clusters` are the sizes
    by code.
    """

    entity: Ints
    cluster: Ints
    shared: Ints
    entities: Ints
    clusters: Ints

    def by_entity(self, values: Ints | np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray:
        """Return the sum of the cells' values for each entity."""
        return np.bincount(self.entity, weights=values, minlength=len(self.entities))


def overlap_of(entities: Iterable[Hashable], clusters: Iterable[Hashable]) -> Overlap:
    """Return how the labels of the same records, in the same order, overlap."""
    entity, cluster = codes_of(entities), codes_of(clusters)
    width = int(cluster.max(initial=0)) + 1
    cells, shared = np.unique(entity * width + cluster, return_counts=True)
    return Overlap(cells // width, cells % width, shared.astype(np.int64), np.bincount(entity), np.bincount(cluster))


def codes_of(labels: Iterable[Hashable]) -> Ints:
    """Return one code per label, numbered from 0 on as they first occur."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(label, len(known)) for label in labels], dtype=np.int64)
