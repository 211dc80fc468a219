"""Frames of a settled resolve in the shape the services store, each with its chunk, and slices of them."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from apps.base.scratch import scratch
from apps.pipeline.asking import ask, doubt

if TYPE_CHECKING:
    from apps.pipeline.chunking import Settled


class Slices:
    """A table ordered by `chunk`, cut without scanning it for each chunk."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows
        self._chunk = rows["chunk"].to_numpy()

    def of(self, number: int) -> pa.Table:
        """Return the rows of one chunk."""
        start, end = np.searchsorted(self._chunk, [number, number + 1])
        return self._rows.slice(start, end - start)

    def count(self, number: int) -> int:
        """Return how many rows a chunk has."""
        start, end = np.searchsorted(self._chunk, [number, number + 1])
        return int(end - start)


def membership_rows(settled: "Settled", carried: pa.Table, at: datetime, run_id: int, rules_version: int) -> pa.Table:
    """Return who belongs where and why: the best link or verdict that ties a record to another member."""
    same = settled.verdicts.same
    decided = pa.table(
        {
            "low": pa.array([low for low, _ in same], pa.int64()),
            "high": pa.array([high for _, high in same], pa.int64()),
            "verdict": pa.array([settled.verdicts.ids[pair] for pair in same], pa.int64()),
        }
    )
    frames = {"place": settled.place, "state": settled.state, "carried": carried, "links": settled.links}
    with scratch(frames | {"same": decided}) as duck:
        duck.execute(
            "CREATE TEMP TABLE tie AS SELECT a.record, b.record AS other, a.cluster, l.score FROM links l"
            " JOIN place a ON a.record = l.left JOIN place b ON b.record = l.right AND b.cluster = a.cluster"
        )
        return duck.sql(
            """
            WITH best AS (
                SELECT record, max(score) AS score FROM (
                    SELECT record, score FROM tie UNION ALL SELECT other, score FROM tie) GROUP BY record),
            decided AS (
                SELECT record, max(verdict) AS verdict FROM (
                    SELECT s.low AS record, s.verdict FROM same s UNION ALL SELECT s.high, s.verdict FROM same s)
                GROUP BY record),
            size AS (SELECT cluster, count(*) AS n FROM place GROUP BY cluster)
            SELECT p.record AS record_id, c.golden_id, $at::TIMESTAMPTZ AS since,
                   CASE WHEN z.n = 1 THEN 'alone' WHEN d.verdict IS NOT NULL THEN 'verdict' ELSE 'linked' END AS reason,
                   CASE WHEN z.n > 1 THEN b.score END AS score,
                   CASE WHEN z.n > 1 THEN d.verdict END AS verdict_id,
                   $run::BIGINT AS run_id, $rules::INTEGER AS rules_version,
                   s.source AS source_code, s.source_key, c.gid AS gid, p.chunk
            FROM place p JOIN carried c USING (cluster) JOIN state s USING (record) JOIN size z USING (cluster)
            LEFT JOIN best b USING (record) LEFT JOIN decided d USING (record)
            ORDER BY p.chunk, p.record
            """,
            params={"at": at, "run": run_id, "rules": rules_version},
        ).to_arrow_table()


def standard_rows(settled: "Settled", rules_version: int) -> pa.Table:
    """Return the standard records of dirty records, parts as JSON without what is missing."""
    parts = [n for n in settled.standard.column_names if n not in ("record", "source", "source_key", "keys")]
    pairs = ", ".join(f"""CASE WHEN d."{n}" IS NOT NULL THEN '"{n}":' || to_json(d."{n}") END""" for n in parts)
    with scratch({"standard": settled.standard, "place": settled.place, "state": settled.state}) as duck:
        return duck.sql(
            f"""
            SELECT p.record AS record_id, s.number AS version_number, '{{' || concat_ws(',', {pairs}) || '}}' AS parts,
                   '{{' || array_to_string(d.keys, ',') || '}}' AS match_keys, {rules_version} AS rules_version, p.chunk
            FROM place p JOIN standard d USING (record) JOIN state s USING (record) WHERE s.is_dirty
            ORDER BY p.chunk, p.record
            """  # noqa: S608 - part names come from the engine
        ).to_arrow_table()


def link_rows(settled: "Settled", rules_version: int, run_id: int) -> pa.Table:
    """Return the new links, each in the later chunk of its two records, so that both are stored when it is."""
    with scratch({"links": settled.links, "place": settled.place, "state": settled.state}) as duck:
        return duck.sql(
            f"""
            SELECT l.left AS low_id, l.right AS high_id, l.score,
                   '{{' || array_to_string(l.levels, ',') || '}}' AS levels, {rules_version} AS rules_version,
                   {run_id}::BIGINT AS run_id, greatest(coalesce(a.chunk, -1), coalesce(b.chunk, -1)) AS chunk
            FROM links l JOIN state x ON x.record = l.left JOIN state y ON y.record = l.right
            LEFT JOIN place a ON a.record = l.left LEFT JOIN place b ON b.record = l.right
            WHERE x.is_dirty OR y.is_dirty ORDER BY chunk, 1, 2
            """  # noqa: S608 - two integers
        ).to_arrow_table()


@dataclass(frozen=True, slots=True)
class Questions:
    """The pairs a person should look at: `asked` by the chunk that opens the case, `elsewhere` by the other's chunk."""

    asked: dict[int, list[dict[str, Any]]]
    elsewhere: dict[int, list[tuple[int, int]]]


def proposal_rows(settled: "Settled") -> Questions:
    """Return per chunk the pairs a person should look at, of two customers and of one, without those judged already."""
    scope = settled.scope
    cluster = dict(zip(scope.record.tolist(), scope.cluster.tolist(), strict=True))
    chunk = dict(zip(scope.record.tolist(), settled.partition.chunk.tolist(), strict=True))
    size = Counter(cluster.values())
    judged = {frozenset((cluster.get(a), cluster.get(b))) for a, b in settled.verdicts.different}
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    elsewhere: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair in settled.clustering.proposals.to_pylist():
        low, high = sorted((pair["left"], pair["right"]))
        number = max(chunk[low], chunk[high])
        if number < 0 or frozenset((cluster[low], cluster[high])) in judged:
            continue
        members = size[cluster[low]], size[cluster[high]]
        rows[number].append(ask((low, high), pair["score"], pair["reason"], members))
        if (other := min(chunk[low], chunk[high])) not in (number, -1):
            elsewhere[other].append((low, high))
    for pair in settled.clustering.doubts.to_pylist():
        # Both records are of one cluster, so of one chunk.
        if (number := chunk[pair["left"]]) >= 0:
            asked = doubt((pair["left"], pair["right"]), pair["score"], pair["subject"], size[cluster[pair["left"]]])
            rows[number].append(asked)
    return Questions(rows, elsewhere)
