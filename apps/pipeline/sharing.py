"""Ask about customers that share a number which only one of them can have, and that matching kept apart all the same.

The law of this module: an exclusive number with several holders is never passed over in silence. Each holder is asked
about together with the first one, so the questions grow with the holders, not with their pairs.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from apps.base.scratch import scratch
from apps.engine import bulk
from apps.engine.bulk import Clustering
from apps.engine.rules import Exclusive, RuleSet
from apps.engine.statistics import Statistics

REASON = "shared"
LOWEST = -(2**31)


def with_shared_identifiers(
    clustering: Clustering, standard: pa.Table, rules: RuleSet, statistics: Statistics
) -> Clustering:
    """Return the clustering with a proposal for every two clusters that share an exclusive number and have none."""
    held = [e for e in rules.exclusive if f"{e.attribute}.number" in standard.column_names]
    if not held:
        return clustering
    pairs = _pairs(clustering, standard, held)
    if not pairs.num_rows:
        return clustering
    order = np.argsort(standard["record"].to_numpy(), kind="stable")
    records = standard["record"].to_numpy()[order]
    left, right = (order[np.searchsorted(records, pairs[side].to_numpy())].astype(np.int32) for side in ("low", "high"))
    scored = bulk.score(standard, left, right, rules, statistics, keep=LOWEST, workers=1).drop_columns(["levels"])
    asked = scored.append_column("reason", pa.array([REASON] * scored.num_rows, pa.string()))
    proposals = pa.concat_tables([clustering.proposals, asked.cast(clustering.proposals.schema)])
    return replace(clustering, proposals=proposals)


def _pairs(clustering: Clustering, standard: pa.Table, held: list[Exclusive]) -> pa.Table:
    """Return low and high: of each number's holders the first with each other one, unless proposed already."""
    frames = {"standard": standard, "clusters": clustering.clusters, "proposals": clustering.proposals}
    with scratch(frames) as duck:
        return duck.sql(
            f"""
            WITH held AS ({" UNION ALL ".join(_holders(e) for e in held)}),
            holder AS (SELECT scheme, issuer, number, cluster, min(record) AS record
                       FROM held JOIN clusters USING (record) GROUP BY ALL),
            ranked AS (SELECT *, row_number() OVER one AS place, first_value(record) OVER one AS first_record,
                              first_value(cluster) OVER one AS first_cluster
                       FROM holder WINDOW one AS (PARTITION BY scheme, issuer, number ORDER BY cluster)),
            proposed AS (SELECT DISTINCT least(a.cluster, b.cluster) AS low, greatest(a.cluster, b.cluster) AS high
                         FROM proposals p JOIN clusters a ON a.record = p.left JOIN clusters b ON b.record = p.right)
            SELECT min(least(r.first_record, r.record)) AS low,
                   arg_min(greatest(r.first_record, r.record), least(r.first_record, r.record)) AS high
            FROM ranked r
            WHERE r.place > 1 AND (r.first_cluster, r.cluster) NOT IN (SELECT (low, high) FROM proposed)
            GROUP BY r.first_cluster, r.cluster ORDER BY 1, 2
            """  # noqa: S608 - names come from the rule set
        ).to_arrow_table()


def _holders(exclusive: Exclusive) -> str:
    name = exclusive.attribute
    among = ", ".join(f"'{check}'" for check in exclusive.checks)
    where = (
        f"""AND "{name}.issuer" IN ({", ".join(f"'{i}'" for i in exclusive.issuers)})""" if exclusive.issuers else ""
    )
    return f"""
        SELECT record, '{name}' AS scheme, coalesce("{name}.issuer", '') AS issuer, "{name}.number" AS number
        FROM standard WHERE "{name}.number" IS NOT NULL AND "{name}.check" IN ({among}) {where}
    """  # noqa: S608 - names come from the rule set
