"""Why true pairs were missed: never compared, scored low, or kept apart though they score high enough."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import numpy as np

from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.blocking import keyed_rows
from apps.engine.bulk.constraints import Constraints, constraints_of
from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.evaluate.found import Found
from apps.engine.rules import RuleSet

SHOWN_REASONS = 20


class Cause(StrEnum):
    """What a missed pair failed at: the first of these that applies."""

    NO_KEY = "a record without any key"
    NOTHING_SHARED = "no key in common"
    TOO_COMMON = "only keys too common"
    BELOW_KEEP = "below keep"
    BELOW_REVIEW = "below review"
    BELOW_LINK = "between review and link"
    DECIDED = "decided different"
    BARRED = "exclusive identifiers differ"
    OTHERS_BARRED = "other members are kept apart"
    OUTVOTED = "score of the groups, or a cap"


NEVER_COMPARED = (Cause.NO_KEY, Cause.NOTHING_SHARED, Cause.TOO_COMMON)
SCORED_LOW = (Cause.BELOW_KEEP, Cause.BELOW_REVIEW, Cause.BELOW_LINK)
KEPT_APART = (Cause.DECIDED, Cause.BARRED, Cause.OTHERS_BARRED, Cause.OUTVOTED)
CAUSES = tuple(Cause)
_ENDS: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True)
class Missed:
    """The missed pairs: row indices, their scores, and each one's cause (its place in `CAUSES`).

    `total` is how many there are, of which these were examined. `would_link` counts those never compared that score
    high enough to link. `reasons` counts, for pairs that scored low, the comparison and level that spoke loudest
    against; `common_keys` the kinds of keys that pairs shared in vain.
    """

    total: int
    left: Ints
    right: Ints
    scores: Ints
    causes: Ints
    would_link: int
    reasons: Mapping[tuple[str, str], int]
    common_keys: Mapping[str, int]

    def count(self, cause: Cause) -> int:
        """Return how many of the examined pairs have this cause."""
        return int(np.count_nonzero(self.causes == CAUSES.index(cause)))

    def to_document(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        groups = {"never_compared": NEVER_COMPARED, "scored_low": SCORED_LOW, "kept_apart": KEPT_APART}
        return {
            "pairs": self.total,
            "examined": len(self.left),
            **{name: {cause.value: self.count(cause) for cause in causes} for name, causes in groups.items()},
            "never_compared_but_would_link": self.would_link,
            "spoke_loudest_against": [
                {"comparison": title, "level": label, "pairs": pairs}
                for (title, label), pairs in sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
            ][:SHOWN_REASONS],
            "keys_shared_in_vain": dict(self.common_keys),
        }


def examine_missed(found: Found, left: Ints, right: Ints, total: int) -> Missed:
    """Return why these true pairs of rows (distinct, sorted, left < right; some of `total`) are in different clusters.

    Whether a pair was compared is told by its match keys: one that both hold, that the statistics don't call hot and
    that no more records hold than its cap.
    """
    scores, levels = found.score(left, right)
    unshared, common_keys = _blocked(found, left, right)
    constraints = constraints_of(found.standard, found.rules, (), found.different)
    limits = found.rules.thresholds
    steps = [
        *((unshared == CAUSES.index(cause), cause) for cause in NEVER_COMPARED),
        (scores < limits.keep, Cause.BELOW_KEEP),
        (scores < limits.review, Cause.BELOW_REVIEW),
        (scores < limits.link, Cause.BELOW_LINK),
        (constraints.are_different(left, right), Cause.DECIDED),
        (constraints.are_barred(left, right), Cause.BARRED),
    ]
    places = [CAUSES.index(cause) for _, cause in steps]
    causes = np.select([flags for flags, _ in steps], places, CAUSES.index(Cause.OUTVOTED)).astype(np.int64)
    outvoted = np.flatnonzero(causes == CAUSES.index(Cause.OUTVOTED))
    others = _others_barred(found.clusters, constraints, left[outvoted], right[outvoted])
    causes[outvoted[others]] = CAUSES.index(Cause.OTHERS_BARRED)
    never = np.isin(causes, [CAUSES.index(cause) for cause in NEVER_COMPARED])
    low = np.isin(causes, [CAUSES.index(cause) for cause in SCORED_LOW])
    return Missed(
        total=total,
        left=left,
        right=right,
        scores=scores,
        causes=causes,
        would_link=int(np.count_nonzero(never & (scores >= limits.link))),
        reasons=_loudest_against(levels[low], found.rules),
        common_keys=common_keys,
    )


def _others_barred(clusters: Ints, constraints: Constraints, left: Ints, right: Ints) -> Flags:
    """Flag the pairs of rows between whose clusters a verdict or an exclusive identifier keeps some members apart."""
    order = np.argsort(clusters, kind="stable")
    ends = [np.searchsorted(clusters[order], clusters[rows], side=side) for rows in (left, right) for side in _ENDS]
    barred = np.zeros(len(left), dtype=np.bool_)
    for pair, (first, last, start, stop) in enumerate(zip(*(end.tolist() for end in ends), strict=True)):
        ours, theirs = np.repeat(order[first:last], stop - start), np.tile(order[start:stop], last - first)
        barred[pair] = (constraints.are_different(ours, theirs) | constraints.are_barred(ours, theirs)).any()
    return barred


def _loudest_against(levels: Codes, rules: RuleSet) -> Counter[tuple[str, str]]:
    """Count by title and label which level takes most from each pair; pairs that nothing speaks against count too."""
    weights = np.stack([np.array(c.millibits)[levels[:, i]] for i, c in enumerate(rules.weighed)], axis=1)
    worst = weights.argmin(axis=1) if len(weights) else np.empty(0, dtype=np.int64)
    reasons: Counter[tuple[str, str]] = Counter()
    for row, column in enumerate(worst.tolist()):
        weighed = rules.weighed[column]
        opposes = weights[row, column] < 0
        reasons[(weighed.title, weighed.labels[levels[row, column]]) if opposes else ("too little given", "")] += 1
    return reasons


def _blocked(found: Found, left: Ints, right: Ints) -> tuple[Ints, dict[str, int]]:
    """Return why each pair was never compared (a place, or -1 where it was), and the kinds of keys shared in vain."""
    rows, keys = keyed_rows(found.standard)
    names, codes = np.unique(keys, return_inverse=True)
    counts = np.bincount(rows, minlength=found.standard.num_rows)
    pair, code = _shared(left, right, codes, counts)
    usable = found.are_usable(names[code])
    compared = np.zeros(len(left), dtype=np.bool_)
    compared[pair[usable]] = True
    in_vain = np.zeros(len(left), dtype=np.bool_)
    in_vain[pair[~usable]] = True
    causes = np.where(in_vain, CAUSES.index(Cause.TOO_COMMON), CAUSES.index(Cause.NOTHING_SHARED))
    causes = np.where((counts[left] == 0) | (counts[right] == 0), CAUSES.index(Cause.NO_KEY), causes)
    lost = ~compared[pair] & ~usable
    kinds = np.unique(np.stack([pair[lost], names[code[lost]] & PLACE_MASK]), axis=1)[1] if lost.any() else []
    common = Counter(found.rules.keys[int(place)].name for place in kinds)
    return np.where(compared, -1, causes), dict(common.most_common())


def _shared(left: Ints, right: Ints, codes: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Return pair and key code for every key that both rows of a pair hold."""
    starts = np.cumsum(counts) - counts
    width = int(codes.max(initial=0)) + 1

    def held(side: Ints) -> Ints:
        pairs = np.repeat(np.arange(len(side), dtype=np.int64), counts[side])
        return np.asarray(pairs * width + codes[ranges(starts[side], counts[side])], dtype=np.int64)

    both = np.intersect1d(held(left), held(right), assume_unique=True)
    return both // width, both % width
