"""Clusters of a few records at once, as the live path and the bulk path must agree on them.

The same law as in bulk: groups lie inside components of links at the link threshold, every pair of a component is
compared, and linkage under verdicts and exclusive identifiers decides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np

from apps.engine.cluster.linkage import group_by_rules, weigh_levels
from apps.engine.rules import RuleSet

Pair = tuple[int, int]
Levels = Sequence[int]
Compare = Callable[[int, Sequence[int]], Sequence[Levels]]
Barred = Callable[[int, int], bool]


class ComponentTooLarge(ValueError):
    """A component holds more records than are scored pair by pair; the bulk path breaks it up."""

    def __init__(self, records: int) -> None:
        super().__init__(f"{records} records hang together")
        self.records = records


class Proposal(NamedTuple):
    """Two records, low id first, whose clusters a person should look at; `score` in millibits."""

    low: int
    high: int
    score: int
    reason: str


class Doubt(NamedTuple):
    """The weakest pair of a cluster, low id first, and the record of the two that stands more alone."""

    low: int
    high: int
    score: int
    subject: int


@dataclass(frozen=True)
class Facts:
    """What decides: links as scores of pairs of record ids (low first), and verdicts as pairs of record ids.

    `levels` are those of pairs that were compared before: one per comparison and joint of the rule set.
    """

    links: Mapping[Pair, int]
    same: frozenset[Pair] = frozenset()
    different: frozenset[Pair] = frozenset()
    levels: Mapping[Pair, Levels] = field(default_factory=dict)


@dataclass(frozen=True)
class Judge:
    """What settles pairs: the rule set, levels of pairs not compared before, and what exclusive identifiers forbid.

    `compare(record, others)` returns the levels of a record with each other one; `barred` says whether two may not
    share a cluster.
    """

    rules: RuleSet
    compare: Compare
    barred: Barred


@dataclass(frozen=True)
class Clusters:
    """Each record's cluster, named by its smallest record id.

    `weak` are pairs inside one cluster that score below the review threshold; `conflicts` are pairs that one verdict
    puts together and another keeps apart. `doubts` has the weakest pair of each cluster that a person should look at.
    """

    of: dict[int, int]
    weak: list[Proposal] = field(default_factory=list)
    conflicts: list[Pair] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def ordered(one: int, other: int) -> Pair:
    """Return a pair of record ids, the low one first."""
    return (one, other) if one < other else (other, one)


def cluster_few(records: Sequence[int], facts: Facts, judge: Judge) -> Clusters:
    """Return the clusters of whole components of records, given in byte order of their keys.

    Every pair of a component whose levels the facts lack is compared. Raises ComponentTooLarge.
    """
    found = Clusters({})
    for members in components(records, facts, judge.rules.thresholds.link):
        if len(members) > judge.rules.caps.component:
            raise ComponentTooLarge(len(members))
        if len(members) == 1:
            found.of[members[0]] = members[0]
        else:
            _settle(members, facts, judge, found)
    return found


def components(records: Sequence[int], facts: Facts, link: int) -> list[list[int]]:
    """Return the components of records under links from `link` millibits up and "same", members in the given order."""
    parent = {record: record for record in records}

    def root(record: int) -> int:
        while parent[record] != record:
            parent[record] = record = parent[parent[record]]
        return record

    strong = (pair for pair, score in facts.links.items() if score >= link)
    for low, high in (*strong, *facts.same):
        if low in parent and high in parent:
            parent[root(low)] = root(high)
    found: dict[int, list[int]] = {}
    for record in records:
        found.setdefault(root(record), []).append(record)
    return list(found.values())


def _settle(members: Sequence[int], facts: Facts, judge: Judge, found: Clusters) -> None:
    """Write the clusters of one component into `found`."""
    rules = judge.rules
    size = len(members)
    levels = np.zeros((size, size, len(rules.weighed)), dtype=np.uint8)
    bars, different = (np.zeros((size, size), dtype=np.bool_) for _ in range(2))
    same = []
    for a, record in enumerate(members):
        rest = range(a + 1, size)
        known = {b: facts.levels.get(ordered(record, members[b])) for b in rest}
        lacking = [b for b in rest if known[b] is None]
        told = dict(zip(lacking, judge.compare(record, [members[b] for b in lacking]), strict=True)) if lacking else {}
        for b in rest:
            pair = ordered(record, members[b])
            levels[a, b] = levels[b, a] = known[b] or told[b]
            is_same = pair in facts.same
            if is_same:
                same.append((a, b))
            different[a, b] = different[b, a] = pair in facts.different
            bars[a, b] = bars[b, a] = not is_same and judge.barred(record, members[b])
    weighed = weigh_levels(levels, rules)
    scores = weighed.scores
    grouping = group_by_rules(weighed, bars, rules, same=same, different=different)
    smallest: dict[int, int] = {}
    for record, label in zip(members, grouping.labels, strict=True):
        smallest[label] = min(record, smallest.get(label, record))
    found.of.update((record, smallest[label]) for record, label in zip(members, grouping.labels, strict=True))
    found.conflicts.extend((members[a], members[b]) for a, b in grouping.conflicts)
    for a, b in combinations(range(size), 2):
        if grouping.labels[a] == grouping.labels[b] and scores[a, b] < rules.thresholds.review:
            found.weak.append(Proposal(*ordered(members[a], members[b]), int(scores[a, b]), "weak"))
    if rules.thresholds.weak is not None:
        found.doubts.extend(_doubts(members, grouping.labels, scores, _bound(size, same), rules.thresholds.weak))


def _bound(size: int, same: Sequence[Pair]) -> list[int]:
    """Return per place of a component a number; places that verdicts hold together, also in a chain, share theirs."""
    parts = components(range(size), Facts({}, frozenset(same)), 0)
    number = {place: at for at, part in enumerate(parts) for place in part}
    return [number[place] for place in range(size)]


def _doubts(
    members: Sequence[int], labels: Sequence[int], scores: np.ndarray, bound: Sequence[int], most: int
) -> list[Doubt]:
    """Return of each cluster the pair that scores least, where that is at most `most`; earlier places come first."""
    worst: dict[int, tuple[int, int, int]] = {}
    for a, b in combinations(range(len(members)), 2):
        score, label = int(scores[a, b]), labels[a]
        if label == labels[b] and bound[a] != bound[b] and score <= most:
            worst[label] = min((score, a, b), worst.get(label, (score, a, b)))
    found = []
    for label, (score, a, b) in worst.items():
        mates = [c for c, other in enumerate(labels) if other == label]
        ours, theirs = (sum(int(scores[at, c]) for c in mates if c != at) for at in (a, b))
        subject = members[b] if ours >= theirs else members[a]
        found.append(Doubt(*ordered(members[a], members[b]), score, subject))
    return found


@dataclass(frozen=True)
class Surroundings:
    """What proposals are made from: each record's cluster, place in byte order, and each cluster's size."""

    cluster: Mapping[int, int]
    rank: Mapping[int, tuple[bytes, bytes]]
    size: Mapping[int, int]


def propose(
    links: Mapping[Pair, int], around: Surroundings, judge: Judge, *, different: Iterable[Pair]
) -> list[Proposal]:
    """Return per two clusters the best-scoring link from the review threshold up: what a person should look at.

    Clusters that a verdict keeps apart are not asked about, nor are barred pairs that would not have joined anyway.
    """
    cluster, thresholds = around.cluster, judge.rules.thresholds
    firm = {ordered(cluster[a], cluster[b]) for a, b in different if a in cluster and b in cluster}
    best: dict[Pair, tuple[tuple[int, list[tuple[bytes, bytes]]], Pair, bool]] = {}
    for pair, score in links.items():
        if score < thresholds.review or any(record not in cluster for record in pair):
            continue
        between = ordered(*(cluster[record] for record in pair))
        if between[0] == between[1] or between in firm:
            continue
        is_barred = judge.barred(*pair)
        if is_barred and score < thresholds.link:
            continue
        order = (-score, sorted(around.rank[record] for record in pair))
        if between not in best or order < best[between][0]:
            best[between] = order, pair, is_barred
    return [
        Proposal(*pair, links[pair], _reason(between, around, judge.rules, is_barred=is_barred))
        for between, (_, pair, is_barred) in best.items()
    ]


def _reason(between: Pair, around: Surroundings, rules: RuleSet, *, is_barred: bool) -> str:
    if is_barred:
        return "barred"
    return "cap" if around.size[between[0]] + around.size[between[1]] > rules.caps.cluster else "review"
