"""Suggest how the records of several customers belong together, and warn of what can mislead.

The same scores, bars and decisions as the clustering itself, with one difference: groups join from the middle of the
review band on instead of from its upper end. What a person is asked about lies inside that band, so the nearer end is
the likelier answer; the weakest links are cut.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from apps.engine.block import match_keys
from apps.engine.cluster import agglomerate, law_of
from apps.engine.cluster.linkage import Bars, Matrix
from apps.engine.explain.constraints import Verdict, bars_between
from apps.engine.explain.scoring import Parts, ScoredPair, weigh_among
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

CautionKind = Literal["numbers", "chain", "bridge", "generic"]
MOST_GENERIC = 3
SMALLEST_BRIDGED = 4
"""Records that a bridge holds together at least, itself not counted: two halves of two."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that can mislead who judges these records; `told` is a value or a sentence, as the kind asks.

    numbers: two records with different numbers of which a company has one. chain: two of a group that hang together
    over two others or more. bridge: one record without which its group falls apart. generic: a shared value that too
    many records hold.
    """

    kind: CautionKind
    records: tuple[int, ...]
    told: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Groups of record ids, in the members' order, and what they rest on.

    `links` are the pairs from the review threshold up, strongest first; `barred` pairs whose numbers speak against
    it; `holds` the strongest pair of each record with another one of its group, for those that have one.
    """

    groups: tuple[tuple[int, ...], ...]
    links: tuple[ScoredPair, ...]
    barred: tuple[tuple[int, int], ...]
    holds: Mapping[int, ScoredPair]
    cautions: tuple[Caution, ...]


def suggest_groups(
    members: Mapping[int, Parts],
    rules: RuleSet,
    statistics: Statistics,
    *,
    verdicts: Sequence[Verdict] = (),
    crowded: Collection[int] = (),
) -> Suggestion:
    """Return how the members, standard records by id in byte order of their keys, are best grouped.

    Verdicts on other records are passed over. `crowded` are match keys that more records hold than the keys' caps.
    Scores all pairs, so the work grows with the square of the members.
    """
    records, parts = list(members), list(members.values())
    place = {record: at for at, record in enumerate(records)}
    weighed = weigh_among(parts, rules, statistics)
    scores = weighed.scores
    barred = _bars(parts, rules)
    same, different = _constraints(verdicts, place, len(parts))
    cut = (rules.thresholds.review + rules.thresholds.link) // 2
    free = barred.copy()
    for one, other in same:
        free[one, other] = free[other, one] = False
    law = law_of(rules)._replace(link=cut)
    labels = agglomerate(weighed, free, law, same=same, different=different if different.any() else None).labels
    groups: dict[int, list[int]] = {}
    for at, label in enumerate(labels):
        groups.setdefault(label, []).append(at)
    alike = _alike(scores, cut, same)
    return Suggestion(
        groups=tuple(tuple(records[at] for at in group) for group in groups.values()),
        links=_links(scores, records, rules.thresholds.review),
        barred=tuple((records[a], records[b]) for a, b in zip(*np.nonzero(np.triu(barred)), strict=True)),
        holds=_holds(groups.values(), scores, records),
        cautions=(
            *_numbers(parts, records, barred, rules),
            *(found for group in groups.values() for found in _shapes(group, alike, records)),
            *_generic(members, rules, statistics, crowded),
        ),
    )


def _bars(parts: Sequence[Parts], rules: RuleSet) -> Bars:
    barred = np.zeros((len(parts), len(parts)), dtype=np.bool_)
    for a, b in combinations(range(len(parts)), 2):
        barred[a, b] = barred[b, a] = bool(bars_between(parts[a], parts[b], rules))
    return barred


def _constraints(
    verdicts: Sequence[Verdict], place: Mapping[int, int], size: int
) -> tuple[list[tuple[int, int]], Bars]:
    same, different = [], np.zeros((size, size), dtype=np.bool_)
    for verdict in verdicts:
        if verdict.left not in place or verdict.right not in place:
            continue
        a, b = sorted((place[verdict.left], place[verdict.right]))
        if verdict.keeps_apart:
            different[a, b] = different[b, a] = True
        else:
            same.append((a, b))
    return same, different


def _alike(scores: Matrix, cut: int, same: Sequence[tuple[int, int]]) -> Bars:
    alike: Bars = scores >= cut
    for one, other in same:
        alike[one, other] = alike[other, one] = True
    np.fill_diagonal(alike, val=True)
    return alike


def _links(scores: Matrix, records: Sequence[int], review: int) -> tuple[ScoredPair, ...]:
    found = [
        ScoredPair(records[a], records[b], int(scores[a, b]))
        for a, b in zip(*np.nonzero(np.triu(scores >= review, k=1)), strict=True)
    ]
    return tuple(sorted(found, key=lambda pair: -pair.score))


def _holds(groups: Collection[Sequence[int]], scores: Matrix, records: Sequence[int]) -> dict[int, ScoredPair]:
    holds = {}
    for group in groups:
        for at in group:
            others = [other for other in group if other != at]
            if others:
                best = max(others, key=lambda other: scores[at, other])
                holds[records[at]] = ScoredPair(records[at], records[best], int(scores[at, best]))
    return holds


def _numbers(parts: Sequence[Parts], records: Sequence[int], barred: Bars, rules: RuleSet) -> Iterator[Caution]:
    """Tell of each kind of number the first two that differ."""
    told = set()
    for a, b in zip(*np.nonzero(np.triu(barred)), strict=True):
        for bar in bars_between(parts[a], parts[b], rules):
            if bar.title not in told:
                told.add(bar.title)
                yield Caution("numbers", (records[a], records[b]), bar.sentence)


def _shapes(group: Sequence[int], alike: Bars, records: Sequence[int]) -> Iterator[Caution]:
    """Tell the longest detour inside a group, and the record that holds two halves of it."""
    if len(group) <= SMALLEST_BRIDGED - 1:
        return
    near = alike[np.ix_(group, group)]
    over_one = (near.astype(np.int32) @ near.astype(np.int32)) > 0
    far = np.argwhere(np.triu(~over_one))
    if len(far):
        one, other = far[0]
        yield Caution("chain", (records[group[one]], records[group[other]]))
    if len(group) <= SMALLEST_BRIDGED:
        return
    for at in range(len(group)):
        rest = [other for other in range(len(group)) if other != at]
        reached = _reach(near[np.ix_(rest, rest)])
        if 2 <= reached <= len(rest) - 2:
            yield Caution("bridge", (records[group[at]],))
            return


def _reach(near: Bars) -> int:
    """Return how many hang together with the first."""
    reached = near[0].copy()
    while True:
        further: Bars = near[reached].any(axis=0)
        if further.sum() == reached.sum():
            return int(reached.sum())
        reached = further


def _generic(
    members: Mapping[int, Parts], rules: RuleSet, statistics: Statistics, crowded: Collection[int]
) -> Iterator[Caution]:
    held: dict[int, list[int]] = {}
    told: dict[int, str] = {}
    for record, parts in members.items():
        for key, text in match_keys(parts, rules).items():
            held.setdefault(key, []).append(record)
            told[key] = text
    shared = [key for key, records in held.items() if len(records) > 1]
    hot = dict(zip(shared, statistics.are_hot(shared), strict=True))
    common = [key for key in shared if hot[key] or key in crowded]
    for key in common[:MOST_GENERIC]:
        yield Caution("generic", tuple(held[key]), told[key])
