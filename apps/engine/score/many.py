"""Scores of one record against many, without sentences: what a live look-up and a cluster's explanation ask for."""

from collections.abc import Mapping, Sequence

from apps.engine.compare import COMPARERS
from apps.engine.rules import Comparison, RuleSet
from apps.engine.statistics import Statistics

Parts = Mapping[str, str]


def score_many(record: Parts, candidates: Sequence[Parts], rules: RuleSet, statistics: Statistics) -> list[int]:
    """Return the score, in millibits, of a standard record with each candidate, in their order.

    Equal to `score(compare(record, candidate, rules, statistics), rules)`, at a fraction of the time: a comparison
    meets each distinct value once, and nothing is put into words.
    """
    return [score for score, _ in score_with_levels(record, candidates, rules, statistics)]


def score_with_levels(
    record: Parts, candidates: Sequence[Parts], rules: RuleSet, statistics: Statistics
) -> list[tuple[int, tuple[int, ...]]]:
    """Return per candidate its score and the levels that make it: one per comparison, then one per joint."""
    scores = [rules.prior] * len(candidates)
    levels: dict[str, list[int]] = {}
    columns = []
    for comparison in rules.comparisons:
        levels[comparison.name] = found = _levels(record, candidates, comparison, statistics)
        weights = comparison.millibits
        scores = [score + weights[level] for score, level in zip(scores, found, strict=True)]
        columns.append(found)
    for joint in rules.joints:
        first, second = (levels[name] for name in joint.of)
        table, weights = joint.table, joint.millibits
        found = [table[a][b] for a, b in zip(first, second, strict=True)]
        scores = [score + weights[level] for score, level in zip(scores, found, strict=True)]
        columns.append(found)
    return list(zip(scores, zip(*columns, strict=True), strict=True))


def _levels(record: Parts, candidates: Sequence[Parts], comparison: Comparison, statistics: Statistics) -> list[int]:
    level, parts = COMPARERS[comparison.kind].level, comparison.parts
    ours = [record.get(part) for part in parts]
    known: dict[tuple[str | None, ...], int] = {}
    found = []
    for candidate in candidates:
        theirs = tuple([candidate.get(part) for part in parts])
        if theirs not in known:
            known[theirs] = level(ours, theirs, comparison, statistics)
        found.append(known[theirs])
    return found
