"""Decide what a neighbourhood becomes: clusters, what changes for its customers, and what a person should look at."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from apps.engine.cluster import Doubt, Facts, Judge, Proposal, Surroundings, cluster_few, propose
from apps.engine.explain.constraints import bars_between
from apps.engine.score import score_with_levels
from apps.engine.survive import Pin
from apps.golden.inheritance import NONE
from apps.pipeline.live.matching import Matched
from apps.pipeline.live.reading import Judged, Known, Link, Outsider, Pair, Parts
from apps.pipeline.partition import Partition, Scope, settle
from apps.pipeline.pins import Placed, Said, place_pins
from apps.rulebook.selectors import ActiveRules

EVERYTHING = 2**31


@dataclass(frozen=True)
class Neighbourhood:
    """Whole customers and whole components around the records that changed, by record id.

    `links` are all pairs kept that have an end in `known`; `outside` are the other ends worth a question.
    """

    known: Mapping[int, Known]
    links: Mapping[Pair, Link]
    verdicts: Judged
    outside: Mapping[int, Outsider]
    active: ActiveRules

    def parts_of(self, record: int) -> Parts:
        """Return the standard parts of a record inside or outside."""
        return self.known[record].parts if record in self.known else self.outside[record].parts


@dataclass(frozen=True)
class Settlement:
    """What a neighbourhood becomes. `scope` and `partition` are as in bulk; `members` are the touched clusters'.

    `of` names each record's cluster by its smallest record; `proposals` are pairs of touched clusters and others,
    `doubts` the weakest pairs inside touched clusters; `pins` are those that hold.
    """

    scope: Scope
    partition: Partition
    of: Mapping[int, int]
    members: Mapping[int, list[int]]
    proposals: Sequence[Proposal]
    doubts: Sequence[Doubt]
    pins: Placed


def worth_asking(links: Mapping[Pair, Link], known: Mapping[int, object], least: int) -> set[int]:
    """Return the records outside `known` to which a link of at least `least` millibits leads."""
    return {record for pair, link in links.items() if link.score >= least for record in pair if record not in known}


def merge_links(stored: Mapping[Pair, Link], matched: Matched, dirty: Mapping[int, object]) -> dict[Pair, Link]:
    """Return the links as they are now: those stored between clean records, and the new ones of the dirty records."""
    kept = {pair: link for pair, link in stored.items() if pair[0] not in dirty and pair[1] not in dirty}
    return kept | matched.links


def decide(
    ground: Neighbourhood,
    pins: Sequence[Pin] = (),
    *,
    revalue: Sequence[int] = (),
    keep: Mapping[int, int] | None = None,
) -> Settlement:
    """Return what becomes of a neighbourhood; raise ComponentTooLarge where the bulk path must break it up.

    `pins` are those that hang on its records; the customers of `revalue` are touched, whatever changed. `keep` maps
    records to golden records whose ids their clusters are to carry.
    """
    alive = sorted((k for k in ground.known.values() if not k.is_gone), key=lambda known: known.rank)
    judge = _judge(ground)
    inside = {pair: link for pair, link in ground.links.items() if all(r in ground.known for r in pair)}
    facts = Facts(
        {pair: link.score for pair, link in inside.items()},
        frozenset(ground.verdicts.same),
        frozenset(ground.verdicts.different),
        {pair: link.levels for pair, link in inside.items()},
    )
    clusters = cluster_few([known.record for known in alive], facts, judge)
    of = clusters.of
    placed, scope = place_pins(pins, _scope(ground.known, of, revalue), _said(pins, ground), ground.active.rules)
    partition = settle(scope, chunk_records=EVERYTHING, keep=keep)
    touched = set(scope.record[partition.touched].tolist())
    members: dict[int, list[int]] = defaultdict(list)
    for known in alive:
        if known.record in touched:
            members[of[known.record]].append(known.record)
    proposals = _proposals(ground, of, members, judge)
    doubts = [doubt for doubt in clusters.doubts if doubt.low in touched]
    return Settlement(scope, partition, of, dict(members), proposals, doubts, placed)


def cluster_of_outsider(outsider: Outsider) -> int:
    """Return the name of a customer out of scope among clusters, which are named by record ids."""
    return -outsider.golden


def _judge(ground: Neighbourhood) -> Judge:
    rules, statistics = ground.active.rules, ground.active.statistics

    def compare(record: int, others: Sequence[int]) -> list[tuple[int, ...]]:
        parts = [ground.parts_of(other) for other in others]
        return [levels for _, levels in score_with_levels(ground.parts_of(record), parts, rules, statistics)]

    return Judge(rules, compare, _barred(ground))


def _barred(ground: Neighbourhood) -> Callable[[int, int], bool]:
    @cache
    def barred(one: int, other: int) -> bool:
        return bool(bars_between(ground.parts_of(one), ground.parts_of(other), ground.active.rules))

    return barred


def _said(pins: Sequence[Pin], ground: Neighbourhood) -> Said:
    watching = [(pin.watched[0], pin.attribute) for pin in pins if pin.watched]
    alive = {record: known for record, known in ground.known.items() if not known.is_gone}
    return {(record, name): alive[record].given.get(name) for record, name in watching if record in alive}


def _scope(known: Mapping[int, Known], of: Mapping[int, int], revalue: Sequence[int]) -> Scope:
    records = sorted(known)
    ranks = {record: place for place, record in enumerate(sorted(records, key=lambda r: known[r].rank))}
    return Scope(
        record=np.array(records, dtype=np.int64),
        cluster=np.array([of.get(record, NONE) for record in records], dtype=np.int64),
        golden=np.array([known[record].golden for record in records], dtype=np.int64),
        rank=np.array([ranks[record] for record in records], dtype=np.int64),
        is_dirty=np.array([known[record].is_dirty for record in records], dtype=np.bool_),
        is_stirred=np.isin(records, list(revalue)),
        tie=np.full(len(records), NONE, dtype=np.int64),
    )


def _proposals(
    ground: Neighbourhood, of: Mapping[int, int], members: Mapping[int, list[int]], judge: Judge
) -> list[Proposal]:
    """Return the questions that touch a changed cluster."""
    touched = {record for records in members.values() for record in records}
    asked = {
        pair: link.score
        for pair, link in ground.links.items()
        if link.score >= judge.rules.thresholds.review and not touched.isdisjoint(pair)
    }
    cluster = dict(of) | {record: cluster_of_outsider(o) for record, o in ground.outside.items()}
    rank = {record: k.rank for record, k in ground.known.items()} | {r: o.rank for r, o in ground.outside.items()}
    size: dict[int, int] = defaultdict(int)
    for name in of.values():
        size[name] += 1
    size |= {cluster_of_outsider(o): o.members for o in ground.outside.values()}
    return propose(asked, Surroundings(cluster, rank, size), judge, different=ground.verdicts.different)
