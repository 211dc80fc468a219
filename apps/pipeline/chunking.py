"""Cut what was settled into chunks to store: ids allocated, versions raised, events and moves worded."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from django.utils import timezone

from apps.base.ids import mint
from apps.base.scratch import scratch
from apps.engine.bulk import Clustering
from apps.golden.inheritance import NONE
from apps.golden.services import allocate_ids
from apps.golden.standing import Standing, list_absorbed_with_records, list_standing
from apps.pipeline.building import Rows
from apps.pipeline.frames import Slices, link_rows, membership_rows, proposal_rows, standard_rows
from apps.pipeline.partition import Partition, Scope
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


@dataclass(slots=True)
class Fate:
    """What becomes of one cluster: the golden record that carries it and what it took over or lost."""

    golden: int
    gid: str
    version: int
    kind: str  # created, updated, kept (nothing a subscriber sees changed), revived
    before: Standing | None = None
    absorbed: list[str] = field(default_factory=list)
    split_off: list[str] = field(default_factory=list)


class Chunker:
    """Yields the chunks of a settled resolve in order."""

    def __init__(self, settled: Settled, rules_version: int, run_id: int) -> None:
        self.settled = settled
        self.rules_version = rules_version
        self.run_id = run_id
        self.at = timezone.now()
        self.fates = self._fates()

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
        moves, events, redirects, retired = self._moves_and_events()
        records = Slices(self._records())
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
                events=_events(told, events[number]),
                ledger=member_rows.select(["record_id", "source_code", "source_key", "gid"]),
                moves=_moves(new, moves[number]),
                cases=questions.asked[number],
                cases_elsewhere=questions.elsewhere[number],
                redirects=redirects[number],
                retired=retired[number],
            )

    def _fates(self) -> dict[int, Fate]:
        heirs = self.settled.partition.inheritance
        revived = self._revived(heirs.fresh)
        standing = list_standing([*heirs.kept.values(), *heirs.merged, *heirs.retired, *revived.values()])
        self._standing = standing
        fates = {
            cluster: Fate(golden, standing[golden].gid, standing[golden].version, "kept", standing[golden])
            for cluster, golden in heirs.kept.items()
        }
        for cluster, golden in revived.items():
            fates[cluster] = Fate(
                golden, standing[golden].gid, standing[golden].version + 1, "revived", standing[golden]
            )
        fresh = [cluster for cluster in heirs.fresh if cluster not in revived]
        # Ids are given in byte order of the clusters' first records, so that age never depends on chance.
        for cluster, golden, gid in zip(fresh, allocate_ids(len(fresh)), mint(count=len(fresh)), strict=True):
            fates[cluster] = Fate(golden, gid, 1, "created")
        for golden, cluster in heirs.merged.items():
            fates[cluster].absorbed.append(standing[golden].gid)
        self._note_splits(fates)
        return fates

    def _revived(self, fresh: list[int]) -> dict[int, int]:
        """Return fresh clusters that get back the id they were merged from."""
        members = self._members_of(set(fresh))
        survivors = {golden for pairs in members.values() for _, golden in pairs if golden != NONE}
        if not survivors:
            return {}
        revived: dict[int, int] = {}
        for golden, brought in list_absorbed_with_records(sorted(survivors)):
            shares = {c: len(brought & {r for r, _ in pairs}) for c, pairs in members.items() if c not in revived}
            best = max(shares, key=lambda c: (shares[c], -c), default=None)
            if best is not None and shares[best] * 2 > len(brought):
                revived[best] = golden
        return revived

    def _members_of(self, clusters: set[int]) -> dict[int, list[tuple[int, int]]]:
        """Return (record, golden before) of the named clusters whose records came from somewhere."""
        scope = self.settled.scope
        known = np.flatnonzero(self.settled.partition.touched & (scope.golden != NONE) & ~scope.is_gone)
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for row in known.tolist():
            cluster = int(scope.cluster[row])
            if cluster in clusters:
                found[cluster].append((int(scope.record[row]), int(scope.golden[row])))
        return found

    @cached_property
    def _came_from(self) -> dict[tuple[int, int], list[int]]:
        """Records that were in one golden record and are in a cluster, by (golden before, cluster)."""
        scope = self.settled.scope
        known = np.flatnonzero(self.settled.partition.touched & (scope.golden != NONE) & ~scope.is_gone)
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row in known.tolist():
            found[int(scope.golden[row]), int(scope.cluster[row])].append(int(scope.record[row]))
        return found

    def _note_splits(self, fates: dict[int, Fate]) -> None:
        heir_of = {fate.golden: fate for fate in fates.values()}
        for golden, cluster in self._came_from:
            heir = heir_of.get(golden)
            if heir is not None and fates[cluster].golden != golden and fates[cluster].kind in ("created", "revived"):
                heir.split_off.append(fates[cluster].gid)

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
            "gid": pa.array([f.gid for f in fates]),
            "version": pa.array([f.version for f in fates], pa.int64()),
            "is_new": pa.array([f.kind == "created" for f in fates]),
            "is_told": pa.array([f.kind != "kept" for f in fates]),
            "type": pa.array([_event_type(f) for f in fates]),
            "extra": pa.array([_event_extra(f) for f in fates]),
            "rules_version": pa.array([self.rules_version] * len(fates), pa.int64()),
            "created_at": pa.array([self.at] * len(fates), pa.timestamp("us", tz="UTC")),
            "changed_at": pa.array([self.at] * len(fates), pa.timestamp("us", tz="UTC")),
        }
        for name, column in columns.items():
            rows = rows.append_column(name, column)
        return rows

    def _raise_versions(self, rows: pa.Table) -> None:
        """Raise the version of every customer whose values or members changed."""
        existing = [i for i, c in enumerate(rows["cluster"].to_pylist()) if self.fates[c].kind == "kept"]
        members = {c: set(records) for c, records in self._records_by_cluster(existing, rows).items()}
        for index in existing:
            cluster = rows["cluster"][index].as_py()
            fate = self.fates[cluster]
            values = json.loads(rows["values"][index].as_py())
            before = set(self._came_from.get((fate.golden, cluster), ()))
            lost = fate.golden in self._lost_records
            if (
                fate.absorbed
                or lost
                or before != members[cluster]
                or _claims(values) != _claims(fate.before.values if fate.before else {})
            ):
                fate.kind = "updated"
                fate.version += 1

    @cached_property
    def _lost_records(self) -> set[int]:
        """Golden records that lost a record to deletion or to another customer."""
        scope = self.settled.scope
        gone = set(scope.golden[scope.is_gone & (scope.golden != NONE)].tolist())
        moved = {g for g, c in self._came_from if self.fates[c].golden != g}
        return gone | moved

    def _records_by_cluster(self, indexes: list[int], rows: pa.Table) -> dict[int, list[int]]:
        wanted = {rows["cluster"][i].as_py() for i in indexes}
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
                "is_dirty": s.scope.is_dirty,
                "is_gone": s.scope.is_gone,
                "chunk": s.partition.chunk,
            }
        )
        return rows.filter(pa.array(s.partition.touched)).sort_by([("chunk", "ascending"), ("record", "ascending")])

    def _moves_and_events(self) -> tuple[Any, Any, Any, Any]:
        """Return per chunk: moves, events of ids that stop being live, redirects, and retired ids."""
        heirs, standing = self.settled.partition.inheritance, self._standing
        moves: dict[int, list[dict[str, Any]]] = defaultdict(list)
        events: dict[int, list[dict[str, Any]]] = defaultdict(list)
        redirects: dict[int, list[tuple[int, int]]] = defaultdict(list)
        retired: dict[int, list[int]] = defaultdict(list)
        chunk_of = self.settled.partition.chunk_of_golden
        for golden, cluster in heirs.merged.items():
            chunk, fate, old = chunk_of[golden], self.fates[cluster], standing[golden]
            redirects[chunk].append((golden, fate.golden))
            data = {"gid": old.gid, "state": "merged", "survivor": fate.gid, "version": old.version + 1}
            events[chunk].append(_event("customer.merged", old, data))
        for golden in heirs.retired:
            chunk, old = chunk_of[golden], standing[golden]
            retired[chunk].append(golden)
            events[chunk].append(
                _event("customer.retired", old, {"gid": old.gid, "state": "retired", "version": old.version + 1})
            )
            moves[chunk].append({"kind": "retired", "golden_id": golden, "other_id": None, "records": []})
        for (golden, cluster), records in self._came_from.items():
            fate = self.fates[cluster]
            if fate.golden != golden:
                kind = (
                    "merged"
                    if golden in heirs.merged and heirs.merged[golden] == cluster
                    else ("split" if fate.kind in ("created", "revived") else "transferred")
                )
                moves[chunk_of[golden]].append(
                    {"kind": kind, "golden_id": golden, "other_id": fate.golden, "records": records}
                )
                if fate.kind == "revived":
                    moves[chunk_of[golden]].append(
                        {"kind": "revived", "golden_id": fate.golden, "other_id": golden, "records": records}
                    )
        return moves, events, redirects, retired


def _claims(values: dict[str, dict[str, Any]]) -> dict[str, tuple[Any, Any, Any]]:
    """What a subscriber would call a change: value, giver and rule; not which version said it again."""
    return {name: (v.get("value"), v.get("record"), v.get("rule")) for name, v in values.items()}


def _event_type(fate: Fate) -> str:
    if fate.kind == "created":
        return "customer.created"
    return "customer.split" if fate.split_off else "customer.updated"


def _event_extra(fate: Fate) -> str:
    extra: dict[str, Any] = {}
    if fate.absorbed:
        extra["absorbed"] = sorted(fate.absorbed)
    if fate.split_off:
        extra["split_off"] = sorted(set(fate.split_off))
    return "," + json.dumps(extra)[1:-1] if extra else ""


def _event(kind: str, old: Standing, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "subject": old.gid, "sequence": old.version + 1, "data": json.dumps(data)}


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
            " || extra || '}' AS data FROM told ORDER BY gid"
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
