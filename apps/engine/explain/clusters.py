"""How a cluster formed: its joins in order, its weakest link, and what in it contradicts itself.

The joins inside one cluster depend on nothing outside it: the score of two groups, and what bars them, are facts about
their own members. So agglomerating its members alone retraces what the whole run did.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from apps.engine.cluster import Grouping, group_by_rules
from apps.engine.cluster.linkage import Matrix, Weighed
from apps.engine.explain.constraints import Verdict, bars_between
from apps.engine.explain.scoring import Parts, ScoredPair, weigh_among
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Step:
    """One join: two groups of record ids, the score between them in millibits (see `cluster.linkage`), their best pair.

    `verdict` is the number of the decision that joined them whatever their scores, None where the scores did.
    """

    group: tuple[int, ...]
    joined: tuple[int, ...]
    score: int
    best: ScoredPair
    verdict: int | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two records of one cluster, or asked to be, of which something says that they are not one."""

    left: int
    right: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ClusterExplanation:
    """How records became one cluster.

    `groups` are what the rules, numbers and decisions make of the records now: more than one where they don't hold the
    cluster together any more. `weakest` is the join with the lowest score, None for a single record. `weak_pairs` are
    pairs inside a group that score below the review threshold, lowest first.
    """

    groups: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    weakest: Step | None
    weak_pairs: tuple[ScoredPair, ...]
    conflicts: tuple[Conflict, ...]


def explain_cluster(
    members: Mapping[int, Parts], rules: RuleSet, statistics: Statistics, *, verdicts: Sequence[Verdict] = ()
) -> ClusterExplanation:
    """Return how the members, standard records by id in byte order of their keys, became one cluster.

    Verdicts on other records are passed over. Scores all pairs, so the work grows with the square of the members.
    """
    records, parts = list(members), list(members.values())
    place = {record: at for at, record in enumerate(records)}
    held = [verdict for verdict in verdicts if verdict.left in place and verdict.right in place]
    weighed = weigh_among(parts, rules, statistics)
    scores = weighed.scores
    grouping = _agglomerate(weighed, parts, rules, held, place)
    steps = tuple(_steps(grouping, records, scores, held))
    groups = _groups(grouping, records)
    inside = [
        ScoredPair(records[a], records[b], int(scores[a, b]))
        for a, b in combinations(range(len(records)), 2)
        if grouping.labels[a] == grouping.labels[b]
    ]
    weak = [pair for pair in inside if pair.score < rules.thresholds.review]
    return ClusterExplanation(
        groups=groups,
        steps=steps,
        weakest=min(steps, key=lambda step: step.score, default=None),
        weak_pairs=tuple(sorted(weak, key=lambda pair: pair.score)),
        conflicts=(*_overruled(grouping, records, held), *_barred(inside, members, rules)),
    )


def _agglomerate(
    weighed: Weighed, parts: Sequence[Parts], rules: RuleSet, verdicts: Sequence[Verdict], place: Mapping[int, int]
) -> Grouping:
    barred, different = (np.zeros((len(parts), len(parts)), dtype=np.bool_) for _ in range(2))
    for a, b in combinations(range(len(parts)), 2):
        barred[a, b] = barred[b, a] = bool(bars_between(parts[a], parts[b], rules))
    same = []
    for verdict in verdicts:
        a, b = sorted((place[verdict.left], place[verdict.right]))
        if verdict.keeps_apart:
            different[a, b] = different[b, a] = True
        else:
            same.append((a, b))
            barred[a, b] = barred[b, a] = False
    return group_by_rules(weighed, barred, rules, same=same, different=different)


def _steps(grouping: Grouping, records: Sequence[int], scores: Matrix, verdicts: Sequence[Verdict]) -> Iterator[Step]:
    groups = {at: [at] for at in range(len(records))}
    for join in grouping.steps:
        ours, theirs = groups[join.first], groups.pop(join.second)
        a, b = max(product(ours, theirs), key=lambda pair: scores[pair])
        group, joined = (tuple(records[at] for at in side) for side in (ours, theirs))
        best = ScoredPair(records[a], records[b], int(scores[a, b]))
        yield Step(group, joined, join.score, best, _verdict_between(group, joined, verdicts) if join.forced else None)
        groups[join.first] = sorted([*ours, *theirs])


def _verdict_between(ours: Sequence[int], theirs: Sequence[int], verdicts: Sequence[Verdict]) -> int | None:
    for verdict in verdicts:
        ends = {verdict.left, verdict.right}
        if not verdict.keeps_apart and ends & set(ours) and ends & set(theirs):
            return verdict.number
    return None


def _groups(grouping: Grouping, records: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    groups: dict[int, list[int]] = {}
    for record, label in zip(records, grouping.labels, strict=True):
        groups.setdefault(label, []).append(record)
    return tuple(tuple(group) for group in groups.values())


def _overruled(grouping: Grouping, records: Sequence[int], verdicts: Sequence[Verdict]) -> Iterator[Conflict]:
    for a, b in grouping.conflicts:
        number = _verdict_between([records[a]], [records[b]], verdicts)
        sentence = f"Decision {number} puts them together, and another decision keeps apart what comes with them"
        yield Conflict(records[a], records[b], sentence)


def _barred(inside: Sequence[ScoredPair], members: Mapping[int, Parts], rules: RuleSet) -> Iterator[Conflict]:
    for pair in inside:
        for bar in bars_between(members[pair.left], members[pair.right], rules):
            yield Conflict(pair.left, pair.right, bar.sentence)
