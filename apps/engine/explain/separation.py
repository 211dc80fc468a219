"""Why not: what keeps two groups of records apart, with every reason that applies."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from apps.engine.block import match_keys
from apps.engine.cluster import score_groups
from apps.engine.explain.constraints import Verdict, bars_between
from apps.engine.explain.pairs import PairExplanation, explain_pair
from apps.engine.explain.scoring import Parts, ScoredPair
from apps.engine.explain.words import say_bits
from apps.engine.rules import RuleSet
from apps.engine.score import score_with_levels
from apps.engine.statistics import Statistics

Members = Mapping[int, Parts]
Kind = Literal["decision", "number", "cap", "never compared", "groups", "score"]
MOST_KEYS_TOLD = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps two groups apart."""

    kind: Kind
    sentence: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What keeps two groups apart: `reasons`, strongest first; none where the next run would bring them together.

    `best` is the pair of records that speaks loudest for joining them, `pair` its explanation, `score` that of the two
    groups in millibits (see `cluster.linkage`). `shared_keys` are the texts of match keys that both groups hold and
    that make pairs, `common_keys` of those that too many records hold.
    """

    reasons: tuple[Reason, ...]
    best: ScoredPair
    pair: PairExplanation
    score: int
    shared_keys: tuple[str, ...]
    common_keys: tuple[str, ...]


def why_not(
    ours: Members,
    theirs: Members,
    rules: RuleSet,
    statistics: Statistics,
    *,
    verdicts: Sequence[Verdict] = (),
    crowded: Collection[int] = (),
) -> WhyNot:
    """Return what keeps two groups of standard records (by id, at least one each, none in both) apart.

    `crowded` are match keys that more records hold by now than the keys' caps, besides those the statistics call hot.
    """
    found = [score_with_levels(parts, list(theirs.values()), rules, statistics) for parts in ours.values()]
    pairs = [
        ScoredPair(left, right, score)
        for left, row in zip(ours, found, strict=True)
        for right, (score, _) in zip(theirs, row, strict=True)
    ]
    best = max(pairs, key=lambda pair: pair.score)
    score = score_groups(np.array([[levels for _, levels in row] for row in found], dtype=np.uint8), rules)
    shared, common = _shared_keys(ours, theirs, rules, statistics, crowded)
    across = [v for v in verdicts if _is_across(v, ours, theirs)]
    reasons = [_say_decision(verdict) for verdict in across if verdict.keeps_apart]
    if not across or reasons:
        reasons += _bars(ours, theirs, rules)
        reasons += _bounds(len(ours) + len(theirs), rules)
        reasons += [] if shared else [_say_never_compared(common)]
        reasons += _scores(best, score, len(pairs), rules)
    pair = explain_pair(ours[best.left], theirs[best.right], rules, statistics)
    return WhyNot(tuple(reasons), best, pair, score, shared, common)


def keys_in_common(ours: Members, theirs: Members, rules: RuleSet) -> dict[int, str]:
    """Return the match keys that both groups hold, each with the text that explains it."""
    held = [
        {key: text for parts in side.values() for key, text in match_keys(parts, rules).items()}
        for side in (ours, theirs)
    ]
    return {key: text for key, text in held[0].items() if key in held[1]}


def _shared_keys(
    ours: Members, theirs: Members, rules: RuleSet, statistics: Statistics, crowded: Collection[int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    both = keys_in_common(ours, theirs, rules)
    hot = dict(zip(both, statistics.are_hot(both), strict=True))
    shared = tuple(text for key, text in both.items() if not hot[key] and key not in crowded)
    return shared, tuple(text for key, text in both.items() if hot[key] or key in crowded)


def _is_across(verdict: Verdict, ours: Members, theirs: Members) -> bool:
    return (verdict.left in ours and verdict.right in theirs) or (verdict.left in theirs and verdict.right in ours)


def _say_decision(verdict: Verdict) -> Reason:
    return Reason("decision", f"Blocked by decision {verdict.number}: {verdict.told}")


def _bars(ours: Members, theirs: Members, rules: RuleSet) -> list[Reason]:
    found = (bar for a in ours.values() for b in theirs.values() for bar in bars_between(a, b, rules))
    first = {bar.title: bar for bar in reversed(list(found))}
    return [Reason("number", first[title].sentence) for title in sorted(first)]


def _bounds(together: int, rules: RuleSet) -> list[Reason]:
    most = rules.caps.cluster
    if together <= most:
        return []
    return [
        Reason("cap", f"Together they have {together:,} records, and no customer grows past {most:,} without a person")
    ]


def _say_never_compared(common: Sequence[str]) -> Reason:
    if not common:
        return Reason("never compared", "Never compared: no shared key")
    told = "; ".join(common[:MOST_KEYS_TOLD]) + ("; …" if len(common) > MOST_KEYS_TOLD else "")
    return Reason("never compared", f"Never compared: the keys they share are too common ({told})")


def _scores(best: ScoredPair, score: int, pairs: int, rules: RuleSet) -> Iterator[Reason]:
    link, review = rules.thresholds.link, rules.thresholds.review
    if best.score >= link > score:
        told = f"Their best pair scores {say_bits(best.score)} bits, but all {pairs:,} pairs {_below(score, link)}"
        yield Reason("groups", f"{told} together, and groups join from {say_bits(link)}")
    elif link > best.score >= review:
        told = f"They score {_below(best.score, link)} bits: enough to ask a person, not to join them alone"
        yield Reason("score", f"{told}, which takes {say_bits(link)}")
    elif best.score < review:
        told = f"Too little speaks for one customer: {_below(best.score, review)} bits"
        yield Reason("score", f"{told}, where a person is asked from {say_bits(review)}")


def _below(score: int, bound: int) -> str:
    """Return the bits of a score below a bound, told apart from it even where both round alike."""
    bits = say_bits(score)
    return f"just below {bits}" if bits == say_bits(bound) else bits
