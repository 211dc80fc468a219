"""Cut what was settled into chunks to store: ids allocated, versions raised, events and moves worded."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from django.utils import timezone

from apps.base.scratch import scratch
from apps.engine.bulk import Clustering
from apps.golden.services import allocate_ids
from apps.pipeline.building import Rows
from apps.pipeline.fates import Fate, Fates
from apps.pipeline.frames import Slices, link_rows, membership_rows, proposal_rows, standard_rows
from apps.pipeline.partition import Partition, Scope
from apps.pipeline.pins import Placed
from apps.pipeline.snapshot import Verdicts
from apps.pipeline.store import Chunk


@dataclass(frozen=True)
class Settled:
    """A resolve decided but not yet stored."""

    scope: Scope
    partition: Partition
    place: pa.Table
    state: pa.Table
    standard: pa.Table
    links: pa.Table
    clustering: Clustering
    verdicts: Verdicts
    rows: Rows
    pins: Placed


class Chunker:
    """Yields the chunks of a settled resolve in order."""

    def __init__(
        self,
        settled: Settled,
        rules_version: int,
        run_id: int,
        *,
        allocate: Callable[[int], list[int]] = allocate_ids,
    ) -> None:
        self.settled = settled
        self.rules_version = rules_version
        self.run_id = run_id
        self.at = timezone.now()
        self._fated = Fates(settled.scope, settled.partition, allocate=allocate)
        self.fates = self._fated.by_cluster

    def chunks(self) -> Iterator[Chunk]:
        """Yield every chunk; frames are cut from tables sorted by chunk once."""
        s = self.settled
        customers = Slices(self._customers())
        memberships = Slices(membership_rows(s, self._golden_of_cluster, self.at, self.run_id, self.rules_version))
        standard = Slices(standard_rows(s, self.rules_version))
        links = Slices(link_rows(s, self.rules_version, self.run_id))
        entities = Slices(self._with_golden(s.rows.entities))
        identifiers = Slices(self._with_golden(s.rows.identifiers))
        questions = proposal_rows(s)
        after = self._fated.aftermath()
        records = Slices(self._records())
        handed = s.pins.handed_by_chunk(s.scope, s.partition.chunk)
        for number in range(s.partition.chunks):
            rows = customers.of(number)
            new = rows.filter(rows["is_new"])
            told = rows.filter(rows["is_told"])
            member_rows = memberships.of(number)
            yield Chunk(
                records=records.of(number),
                customers_new=_customer_columns(new),
                customers_changed=_customer_columns(rows.filter(pa.compute.invert(rows["is_new"]))),
                memberships=member_rows.drop_columns(["source_code", "source_key", "gid", "chunk"]),
                standard=standard.of(number).drop_columns(["chunk"]),
                links=links.of(number).drop_columns(["chunk"]),
                entities=entities.of(number)
                .drop_columns(["chunk"])
                .append_column("run_id", pa.array([self.run_id] * entities.count(number), pa.int64())),
                identifiers=identifiers.of(number).drop_columns(["chunk"]),
                events=_events(told, after.events[number]),
                ledger=member_rows.select(["record_id", "source_code", "source_key", "gid"]),
                moves=_moves(new, after.moves[number]),
                cases=questions.asked[number],
                cases_elsewhere=questions.elsewhere[number],
                redirects=after.redirects[number],
                retired=after.retired[number],
                pins=handed[number],
            )

    @cached_property
    def fate_of_golden(self) -> dict[int, Fate]:
        """The fate of each golden record that goes on, by internal id."""
        return {fate.golden: fate for fate in self.fates.values()}

    @cached_property
    def _golden_of_cluster(self) -> pa.Table:
        return pa.table(
            {
                "cluster": pa.array(self.fates.keys(), pa.int64()),
                "golden_id": pa.array([f.golden for f in self.fates.values()], pa.int64()),
                "gid": pa.array([f.gid for f in self.fates.values()], pa.string()),
            }
        )

    def _with_golden(self, rows: pa.Table) -> pa.Table:
        with scratch({"rows": rows, "carried": self._golden_of_cluster}) as duck:
            return duck.sql(
                "SELECT c.golden_id, r.* EXCLUDE (cluster) FROM rows r JOIN carried c USING (cluster) ORDER BY chunk"
            ).to_arrow_table()

    def _customers(self) -> pa.Table:
        """Return the customers' rows with ids, versions, and whether subscribers are told."""
        rows = self.settled.rows.customers
        self._raise_versions(rows)
        fates = [self.fates[c] for c in rows["cluster"].to_pylist()]
        columns = {
            "id": pa.array([f.golden for f in fates], pa.int64()),
            "gid": pa.array([f.gid for f in fates], pa.string()),
            "version": pa.array([f.version for f in fates], pa.int64()),
            "is_new": pa.array([f.kind == "created" for f in fates], pa.bool_()),
            "is_told": pa.array([f.is_told for f in fates], pa.bool_()),
            "type": pa.array([f.event_type for f in fates], pa.string()),
            "extra": pa.array(["," + json.dumps(t)[1:-1] if (t := f.told_besides) else "" for f in fates], pa.string()),
            "rules_version": pa.array([self.rules_version] * len(fates), pa.int64()),
            "created_at": pa.array([self.at] * len(fates), pa.timestamp("us", tz="UTC")),
            "changed_at": pa.array([self.at] * len(fates), pa.timestamp("us", tz="UTC")),
        }
        for name, column in columns.items():
            rows = rows.append_column(name, column)
        return rows

    def _raise_versions(self, rows: pa.Table) -> None:
        """Raise the version of every customer whose values or members changed."""
        clusters = rows["cluster"].to_pylist()
        existing = [i for i, c in enumerate(clusters) if self.fates[c].kind == "kept"]
        members = self._records_by_cluster({clusters[i] for i in existing})
        for index in existing:
            cluster = clusters[index]
            self._fated.note_result(cluster, json.loads(rows["values"][index].as_py()), set(members[cluster]))

    def _records_by_cluster(self, wanted: set[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {c: [] for c in wanted}
        if wanted:
            place = self.settled.place
            for record, cluster in zip(place["record"].to_pylist(), place["cluster"].to_pylist(), strict=True):
                if cluster in wanted:
                    found[cluster].append(record)
        return found

    def _records(self) -> pa.Table:
        s = self.settled
        rows = pa.table(
            {
                "record": s.scope.record,
                "golden": s.scope.golden,
                "number": s.state["number"],
                "applied": s.state["applied"].fill_null(-1),
                "is_dirty": s.scope.is_dirty,
                "is_gone": s.scope.is_gone,
                "chunk": s.partition.chunk,
            }
        )
        return rows.filter(pa.array(s.partition.touched)).sort_by([("chunk", "ascending"), ("record", "ascending")])


def _customer_columns(rows: pa.Table) -> pa.Table:
    return rows.select(
        ["id", "gid", "name", "country", "city", "values", "search_terms", "member_count", "version", "rules_version",
         "created_at", "changed_at"]
    )  # fmt: skip


def _events(told: pa.Table, others: list[dict[str, Any]]) -> pa.Table:
    """Return a chunk's events: a snapshot per live customer, a farewell per id that stopped being live."""
    with scratch({"told": told}) as duck:
        live = duck.sql(
            "SELECT type, gid AS subject, version::INTEGER AS sequence,"
            """ '{"gid":"' || gid || '","state":"live","version":' || version || ',"name":' || to_json(name)"""
            """ || ',"country":' || to_json(country) || ',"values":' || plain || ',"members":' || members"""
            " || pinned || extra || '}' AS data FROM told ORDER BY gid"
        ).to_arrow_table()
    if not others:
        return live
    return pa.concat_tables([live, pa.Table.from_pylist(others, schema=live.schema)])


def _moves(new: pa.Table, others: list[dict[str, Any]]) -> pa.Table:
    rows = [
        {"kind": "created", "golden_id": golden, "other_id": None, "records": []} for golden in new["id"].to_pylist()
    ] + others
    return pa.table(
        {
            "kind": pa.array([r["kind"] for r in rows], pa.string()),
            "golden_id": pa.array([r["golden_id"] for r in rows], pa.int64()),
            "other_id": pa.array([r["other_id"] for r in rows], pa.int64()),
            "record_ids": pa.array(["{" + ",".join(map(str, r["records"])) + "}" for r in rows], pa.string()),
        }
    )
