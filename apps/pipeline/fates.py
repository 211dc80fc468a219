"""What becomes of customers when a scope is settled: who goes on under which id, what moved, and who is told.

Plain decisions over the partition, shared by the bulk path and the live path, so that both tell the same story.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from apps.base.ids import mint
from apps.golden.inheritance import NONE
from apps.golden.services import allocate_ids
from apps.golden.standing import Standing, list_absorbed_with_records, list_standing
from apps.pipeline.partition import Partition, Scope

Values = Mapping[str, Mapping[str, Any]]


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
    # Governed ids that records went to, or came from, while both stay live.
    transferred: dict[str, set[str]] = field(default_factory=dict)

    @property
    def event_type(self) -> str:
        """The event that tells subscribers of it."""
        if self.kind == "created":
            return "customer.created"
        return "customer.split" if self.split_off else "customer.updated"

    @property
    def is_told(self) -> bool:
        """Whether subscribers see a change at all."""
        return self.kind != "kept"

    @property
    def told_besides(self) -> dict[str, Any]:
        """What an event says besides the customer's snapshot."""
        transferred = {way: sorted(gids) for way, gids in sorted(self.transferred.items())}
        told = {
            "absorbed": sorted(self.absorbed),
            "split_off": sorted(set(self.split_off)),
            "transferred": transferred,
        }
        return {name: gids for name, gids in told.items() if gids}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is written beside the customers, by chunk: moves, events of ids that stop being live, redirects, retired."""

    moves: dict[int, list[dict[str, Any]]]
    events: dict[int, list[dict[str, Any]]]
    redirects: dict[int, list[tuple[int, int]]]
    retired: dict[int, list[int]]


class Fates:
    """The fates of a settled scope's clusters, with ids allocated. Three queries at most, one more for revived ids."""

    def __init__(
        self, scope: Scope, partition: Partition, *, allocate: Callable[[int], list[int]] = allocate_ids
    ) -> None:
        """Allocate ids for new customers and note who absorbed, lost and took back whom."""
        self.scope, self.partition, self._allocate = scope, partition, allocate
        self.by_cluster = self._settle()

    def note_result(self, cluster: int, values: Values, members: set[int]) -> None:
        """Raise the version of a kept customer whose values or members changed."""
        fate = self.by_cluster[cluster]
        if fate.kind != "kept":
            return
        before = set(self._came_from.get((fate.golden, cluster), ()))
        if (
            fate.absorbed
            or fate.golden in self._lost_records
            or before != members
            or _claims(values) != _claims(fate.before.values if fate.before else {})
        ):
            fate.kind = "updated"
            fate.version += 1

    def _settle(self) -> dict[int, Fate]:
        heirs = self.partition.inheritance
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
        for cluster, golden, gid in zip(fresh, self._allocate(len(fresh)), mint(count=len(fresh)), strict=True):
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
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (golden, cluster), records in self._came_from.items():
            if cluster in clusters:
                found[cluster] += [(record, golden) for record in records]
        return found

    @cached_property
    def _came_from(self) -> dict[tuple[int, int], list[int]]:
        """Records that were in one golden record and are in a cluster, by (golden before, cluster)."""
        scope = self.scope
        known = np.flatnonzero(self.partition.touched & (scope.golden != NONE) & ~scope.is_gone)
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row in known.tolist():
            found[int(scope.golden[row]), int(scope.cluster[row])].append(int(scope.record[row]))
        return found

    def _note_splits(self, fates: dict[int, Fate]) -> None:
        heir_of = {fate.golden: fate for fate in fates.values()}
        for golden, cluster in self._came_from:
            heir, fate = heir_of.get(golden), fates[cluster]
            if heir is None or fate.golden == golden:
                continue
            if fate.kind in ("created", "revived"):
                heir.split_off.append(fate.gid)
            else:
                heir.transferred.setdefault("to", set()).add(fate.gid)
                fate.transferred.setdefault("from", set()).add(heir.gid)

    @cached_property
    def _lost_records(self) -> set[int]:
        """Golden records that lost a record to deletion or to another customer."""
        scope = self.scope
        gone = set(scope.golden[scope.is_gone & (scope.golden != NONE)].tolist())
        moved = {g for g, c in self._came_from if self.by_cluster[c].golden != g}
        return gone | moved

    def aftermath(self) -> Aftermath:
        """Return what else changes with the customers: moves, farewells, redirects and retired ids."""
        heirs, standing = self.partition.inheritance, self._standing
        found = Aftermath(defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list))
        chunk_of = self.partition.chunk_of_golden
        for golden, cluster in heirs.merged.items():
            chunk, fate, old = chunk_of[golden], self.by_cluster[cluster], standing[golden]
            found.redirects[chunk].append((golden, fate.golden))
            data = {"gid": old.gid, "state": "merged", "survivor": fate.gid, "version": old.version + 1}
            found.events[chunk].append(_farewell("customer.merged", old, data))
        for golden in heirs.retired:
            chunk, old = chunk_of[golden], standing[golden]
            found.retired[chunk].append(golden)
            data = {"gid": old.gid, "state": "retired", "version": old.version + 1}
            found.events[chunk].append(_farewell("customer.retired", old, data))
            found.moves[chunk].append({"kind": "retired", "golden_id": golden, "other_id": None, "records": []})
        for (golden, cluster), records in self._came_from.items():
            if self.by_cluster[cluster].golden != golden:
                found.moves[chunk_of[golden]] += self._moves(golden, cluster, records)
        return found

    def _moves(self, golden: int, cluster: int, records: list[int]) -> list[dict[str, Any]]:
        """Return the moves of records that left a golden record for another cluster's."""
        fate = self.by_cluster[cluster]
        if self.partition.inheritance.merged.get(golden) == cluster:
            kind = "merged"
        else:
            kind = "split" if fate.kind in ("created", "revived") else "transferred"
        moves = [{"kind": kind, "golden_id": golden, "other_id": fate.golden, "records": records}]
        if fate.kind == "revived":
            moves.append({"kind": "revived", "golden_id": fate.golden, "other_id": golden, "records": records})
        return moves


def _claims(values: Values) -> dict[str, tuple[Any, ...]]:
    """What a subscriber would call a change: value, giver, rule and pin; not which version said it again."""
    told = ("value", "record", "rule", "pin")
    return {name: tuple(v.get(key) for key in told) for name, v in values.items()}


def _farewell(kind: str, old: Standing, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "subject": old.gid, "sequence": old.version + 1, "data": json.dumps(data)}
