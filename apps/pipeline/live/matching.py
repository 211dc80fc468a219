"""Match a few records against those that share a key with them: the live sibling of blocking and scoring in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.engine.block import cap_of, match_keys
from apps.engine.block.hashing import PLACE_MASK
from apps.engine.cluster.neighbourhood import ordered
from apps.engine.score import score_with_levels
from apps.engine.standardise import standardise_record
from apps.matching.selectors import get_parts
from apps.pipeline.live.reading import Known, Link, Pair, Parts, TooMuch
from apps.rulebook.selectors import ActiveRules

MOST_PAIRS = 20_000
"""Pairs compared while somebody waits."""


@dataclass(frozen=True)
class Matched:
    """The links of the dirty records, the standard parts of who they were compared with, and who must be matched anew.

    `crossed` holds records whose keys became too common, or usable again: their stored links are no longer what a bulk
    run would make.
    """

    links: dict[Pair, Link] = field(default_factory=dict)
    parts: dict[int, Parts] = field(default_factory=dict)
    crossed: frozenset[int] = frozenset()


def standardise(dirty: Iterable[Known], active: ActiveRules) -> None:
    """Give the records that are not gone their standard parts and match keys; in place."""
    rules = active.rules
    for record in dirty:
        if not record.is_gone:
            record.parts = standardise_record(
                {**record.given, "source": record.source}, rules.attributes, rules.fallbacks
            )
            record.keys = tuple(sorted(match_keys(record.parts, rules)))


def caps_of(dirty: Iterable[Known], active: ActiveRules) -> dict[int, int]:
    """Return every match key that the records have or had and that the statistics don't call hot, with its cap."""
    held = {key for record in dirty for key in (*record.keys, *record.old_keys)}
    # Another version may have had more kinds of keys.
    keys = sorted(key for key in held if key & PLACE_MASK < len(active.rules.keys))
    hot = active.statistics.are_hot(keys)
    return {key: cap_of(key, active.rules) for key, is_hot in zip(keys, hot, strict=True) if not is_hot}


def match(
    dirty: Sequence[Known], holders: Mapping[int, Sequence[int]], caps: Mapping[int, int], active: ActiveRules
) -> Matched:
    """Compare the dirty records with each other and with whoever holds one of their usable keys.

    `holders` are the records stored with each key of `caps`, the dirty ones in their former version. One query. Raises
    TooMuch beyond `MOST_PAIRS`.
    """
    by_id = {record.record: record for record in dirty}
    pairs, crossed = _pairs(by_id, holders, caps)
    if len(pairs) > MOST_PAIRS:
        raise TooMuch(f"{len(pairs)} pairs to compare")
    parts: dict[int, Parts] = {}
    parts.update(get_parts({r for pair in pairs for r in pair if r not in by_id}) if pairs else {})
    parts.update((record.record, record.parts) for record in dirty if not record.is_gone)
    others: dict[int, list[int]] = {}
    for low, high in sorted(pairs):
        one, other = (low, high) if low in by_id else (high, low)
        if other in parts:
            others.setdefault(one, []).append(other)
    links = {}
    for one, candidates in others.items():
        found = score_with_levels(parts[one], [parts[c] for c in candidates], active.rules, active.statistics)
        for candidate, (score, levels) in zip(candidates, found, strict=True):
            if score >= active.rules.thresholds.keep:
                links[ordered(one, candidate)] = Link(score, levels)
    return Matched(links, parts, frozenset(crossed))


def _pairs(
    dirty: Mapping[int, Known], holders: Mapping[int, Sequence[int]], caps: Mapping[int, int]
) -> tuple[set[Pair], set[int]]:
    """Return the pairs that share a usable key, and the clean records whose key stopped or started being usable."""
    fresh: dict[int, list[int]] = {key: [] for key in caps}
    for record in dirty.values():
        for key in record.keys:
            if key in fresh:
                fresh[key].append(record.record)
    pairs: set[Pair] = set()
    crossed: set[int] = set()
    for key, cap in caps.items():
        clean = [record for record in holders[key] if record not in dirty]
        new = fresh[key]
        held = len(clean) + len(new)
        if (held > cap) != (len(holders[key]) > cap):
            crossed.update(clean)
        if held <= cap:
            pairs.update(ordered(one, other) for one in new for other in clean)
            pairs.update(ordered(one, other) for at, one in enumerate(new) for other in new[at + 1 :])
    return pairs, crossed
