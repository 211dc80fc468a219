"""Clusters of a frame under verdicts and exclusive identifiers.

Groups join only where one of their pairs reaches the link threshold, so they lie inside the components of such links.
So each component is settled by itself, some millions of pairs at a time.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from apps.engine.bulk.constraints import constraints_of, rows_of
from apps.engine.bulk.doubting import doubts_table
from apps.engine.bulk.frames import CLUSTERS_SCHEMA, Ints, records_of
from apps.engine.bulk.proposing import Pairs, proposals_between, weak_pairs
from apps.engine.bulk.results import Clustering
from apps.engine.bulk.scoring import Scorer
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

MOST_PAIRS = 2_000_000
"""Pairs inside components that are settled at a time, at about eighty bytes each."""


def cluster(
    standard: pa.Table,
    links: pa.Table,
    rules: RuleSet,
    statistics: Statistics,
    *,
    same: Sequence[tuple[int, int]] = (),
    different: Sequence[tuple[int, int]] = (),
    workers: int = 2,
    scorer: Scorer | None = None,
    most_pairs: int = MOST_PAIRS,
) -> Clustering:
    """Cluster the frame's records from links (of record ids; links to records outside the frame are ignored).

    `same` and `different` are verdicts as pairs of record ids; "same" outranks an exclusive identifier. Pairs inside a
    component that the links lack are scored, by `scorer` where one of this frame is at hand; about `most_pairs` pairs
    are held at a time. The partition is a function of records, links and verdicts: ties are broken by the byte order
    of `(source, source_key)` where the frame has them, else by record id.
    """
    # Imported where it is used: compiled code takes a second to load, which a hub that matches nothing needn't wait.
    from apps.engine.bulk.grouping import smallest_records
    from apps.engine.bulk.settling import LinkLevels, PairScorer, settle

    constraints = constraints_of(standard, rules, same, different)
    by_row, rows = _links_by_row(standard, links)
    levels = LinkLevels(links.column("levels"), rows)
    pairs = PairScorer(standard, by_row, levels, rules, statistics, workers, scorer)
    order = _order(standard)
    settled = settle(pairs, constraints, order, most_pairs)
    ids = records_of(standard)
    clusters = smallest_records(settled.labels, ids)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Clustering(
        pa.table([pa.array(ids), pa.array(clusters)], schema=CLUSTERS_SCHEMA),
        proposals_between(ids, clusters, pairs.links, constraints=constraints, rules=rules, rank=rank),
        weak_pairs(ids, settled.weak),
        tuple((int(ids[a]), int(ids[b])) for a, b in settled.conflicts),
        doubts_table(ids, settled.doubts),
    )


def _links_by_row(standard: pa.Table, links: pa.Table) -> tuple[Pairs, Ints | None]:
    """Return the links as low row, high row and score, sorted by their rows, and where each stands in the frame.

    The latter is None where they are the frame's, one after the other.
    """
    ids = records_of(standard)
    left, ours = rows_of(ids, links.column("left").to_numpy())
    right, theirs = rows_of(ids, links.column("right").to_numpy())
    kept = ours & theirs
    low, high = np.minimum(left, right)[kept], np.maximum(left, right)[kept]
    scores = links.column("score").to_numpy()[kept]
    places = None if kept.all() else np.flatnonzero(kept)
    keys = low * len(ids) + high
    if (keys[1:] <= keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        low, high, scores = low[order], high[order], scores[order]
        places = order if places is None else places[order]
    return (low.astype(np.int32), high.astype(np.int32), scores.astype(np.int32)), places


def _order(standard: pa.Table) -> Ints:
    """Return the rows in the byte order of (source, source_key), or of record ids."""
    if "source_key" not in standard.column_names:
        return np.argsort(records_of(standard), kind="stable")
    # Arrow compares strings by their UTF-8 bytes, and its sort is stable.
    order: Ints = pa.compute.sort_indices(standard.column("source_key")).to_numpy().astype(np.int64)
    if "source" not in standard.column_names:
        return order
    sources = standard.column("source").combine_chunks().dictionary_encode()
    ranks = pa.compute.rank(sources.dictionary, tiebreaker="dense").to_numpy().astype(np.int64)
    by_row = np.append(ranks, len(ranks) + 1)[pa.compute.fill_null(sources.indices, -1).to_numpy()]
    # Sixteen bits are sorted by radix.
    narrow = by_row.astype(np.uint16) if len(ranks) < 2**16 - 1 else by_row
    return order[np.argsort(narrow[order], kind="stable")]
