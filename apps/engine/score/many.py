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
    missing = [0] * len(candidates)
    levels: dict[str, list[int]] = {}
    columns = []
    for comparison in rules.comparisons:
        ours = tuple(map(record.get, comparison.parts))
        # Most records lack most identifiers: what isn't given is missing, whatever the others hold.
        found = _levels(ours, candidates, comparison, statistics) if any(ours) else missing
        levels[comparison.name] = found
        scores = _add(scores, found, comparison.millibits, missing)
        columns.append(found)
    for joint in rules.joints:
        first, second = (levels[name] for name in joint.of)
        table = joint.table
        if (first is missing and joint.is_silent[0]) or (second is missing and joint.is_silent[1]):
            found = missing
        else:
            found = [table[a][b] for a, b in zip(first, second, strict=True)]
        scores = _add(scores, found, joint.millibits, missing)
        columns.append(found)
    return list(zip(scores, zip(*columns, strict=True), strict=True))


def _add(scores: list[int], found: list[int], weights: Sequence[int], missing: list[int]) -> list[int]:
    if found is missing and not weights[0]:
        return scores
    return [score + weights[level] for score, level in zip(scores, found, strict=True)]


def _levels(
    ours: Sequence[str | None], candidates: Sequence[Parts], comparison: Comparison, statistics: Statistics
) -> list[int]:
    level, parts = COMPARERS[comparison.kind].level, comparison.parts
    theirs = [tuple(map(candidate.get, parts)) for candidate in candidates]
    known = {values: level(ours, values, comparison, statistics) for values in set(theirs)}
    return [known[values] for values in theirs]
