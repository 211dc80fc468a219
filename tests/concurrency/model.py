"""What a hub ought to hold, in plain Python: from what sources say and people decided to a partition, by row verbs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from apps.engine.block import cap_of, match_keys
from apps.engine.cluster import ComponentTooLarge, Facts, Judge, cluster_few
from apps.engine.explain.constraints import bars_between
from apps.engine.rules import RuleSet
from apps.engine.score import score_with_levels
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics
from apps.sources.pushing import Push

Slot = tuple[str, str]
Partition = set[frozenset[Slot]]


@dataclass
class Model:
    """What each source says of each account now, under one version of the rules."""

    rules: RuleSet
    statistics: Statistics
    said: dict[Slot, Mapping[str, str]] = field(default_factory=dict)
    _parts: dict[Slot, Mapping[str, str]] = field(default_factory=dict)
    _keys: dict[Slot, list[int]] = field(default_factory=dict)
    _scores: dict[frozenset[Slot], tuple[int, tuple[int, ...]]] = field(default_factory=dict)

    def hear(self, push: Push) -> None:
        """Take in what a source says."""
        slot = (push.source_code, push.key)
        self.said.pop(slot, None)
        if not push.is_deleted:
            self.said[slot] = {name: text for name, text in push.attributes.items() if isinstance(text, str)}
        self._forget(slot)

    def govern(self, rules: RuleSet, statistics: Statistics) -> None:
        """Put other rules in force."""
        self.rules, self.statistics = rules, statistics
        self._parts, self._keys, self._scores = {}, {}, {}

    def partition(self, same: Iterable[frozenset[Slot]], different: Iterable[frozenset[Slot]]) -> Partition | None:
        """Return who belongs together; None where more hangs together than is settled pair by pair."""
        slots = sorted(self.said, key=lambda slot: (slot[0].encode(), slot[1].encode()))
        number = {slot: place for place, slot in enumerate(slots)}

        def numbered(pairs: Iterable[frozenset[Slot]]) -> Iterable[tuple[int, int]]:
            for pair in pairs:
                if pair <= number.keys():
                    low, high = sorted(number[slot] for slot in pair)
                    yield low, high

        scored = {pair: self._compare(slots[pair[0]], slots[pair[1]])[0] for pair in numbered(self._candidates())}
        links = {pair: score for pair, score in scored.items() if score >= self.rules.thresholds.keep}
        judge = Judge(
            self.rules,
            lambda one, others: [self._compare(slots[one], slots[other])[1] for other in others],
            lambda one, other: bool(bars_between(self._read(slots[one]), self._read(slots[other]), self.rules)),
        )
        facts = Facts(links, frozenset(numbered(same)), frozenset(numbered(different)))
        try:
            of = cluster_few(list(range(len(slots))), facts, judge).of
        except ComponentTooLarge:
            return None
        clusters: dict[int, set[Slot]] = defaultdict(set)
        for place, cluster in of.items():
            clusters[cluster].add(slots[place])
        return {frozenset(cluster) for cluster in clusters.values()}

    def _candidates(self) -> set[frozenset[Slot]]:
        """Return the pairs that share a match key which is neither hot nor beyond its cap."""
        holders: dict[int, list[Slot]] = defaultdict(list)
        for slot in self.said:
            self._read(slot)
            for key in self._keys[slot]:
                holders[key].append(slot)
        hot = dict(zip(holders, self.statistics.are_hot(list(holders)), strict=True))
        usable = (held for key, held in holders.items() if not hot[key] and len(held) <= cap_of(key, self.rules))
        return {frozenset(pair) for held in usable for pair in combinations(held, 2)}

    def _read(self, slot: Slot) -> Mapping[str, str]:
        if slot not in self._parts:
            given = {**self.said[slot], "source": slot[0]}
            parts = standardise_record(given, self.rules.attributes, self.rules.fallbacks)
            self._parts[slot], self._keys[slot] = parts, list(match_keys(parts, self.rules))
        return self._parts[slot]

    def _compare(self, one: Slot, other: Slot) -> tuple[int, tuple[int, ...]]:
        """Return the score and the levels of a pair."""
        pair = frozenset((one, other))
        if pair not in self._scores:
            low, high = sorted(pair)
            found = score_with_levels(self._read(low), [self._read(high)], self.rules, self.statistics)
            [self._scores[pair]] = found
        return self._scores[pair]

    def _forget(self, slot: Slot) -> None:
        self._parts.pop(slot, None)
        self._keys.pop(slot, None)
        self._scores = {pair: score for pair, score in self._scores.items() if slot not in pair}
