"""Levels of many pairs at once: every comparer of `compare` has a twin here that is a kernel over codes and letters.

What a kernel reads is made ready once per frame (`Comparing`); after that a pair costs about two microseconds.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from apps.engine.bulk import names
from apps.engine.bulk.compiled import compiled, frozen
from apps.engine.bulk.domains import prepare_domains, prepare_name_domains
from apps.engine.bulk.frames import Codes, Columns
from apps.engine.bulk.identifiers import prepare_identifier
from apps.engine.bulk.pairs import RowPairs, in_chunks
from apps.engine.bulk.quantities import prepare_dates, prepare_numbers
from apps.engine.bulk.sources import prepare_sources
from apps.engine.bulk.streets import prepare_street
from apps.engine.bulk.texts import prepare_bag, prepare_text
from apps.engine.bulk.values import (
    prepare_equal,
    prepare_phones,
    prepare_postcode,
    prepare_shared,
    prepare_similar,
)
from apps.engine.compare.leftovers import NAME_PARTS
from apps.engine.rules import Comparison, RuleSet
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]


class BulkComparer(Protocol):
    """One or several comparisons, ready to compare rows."""

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the levels of each pair of rows, a row of them per comparison; may be called by several threads."""


PREPARE: Final[dict[str, Callable[[Columns, Comparison, Statistics], BulkComparer]]] = {
    "equal": prepare_equal,
    "similar": prepare_similar,
    "postcode": prepare_postcode,
    "street": prepare_street,
    "shared": prepare_shared,
    "phones": prepare_phones,
    "domains": prepare_domains,
    "name_domains": prepare_name_domains,
    "identifier": prepare_identifier,
    "bag": prepare_bag,
    "text": prepare_text,
    "dates": prepare_dates,
    "numbers": prepare_numbers,
    "sources": prepare_sources,
}
"""By kind; those of `names.KINDS` are made ready together."""


@dataclass(frozen=True)
class Part:
    """A comparer, how many rows of levels it writes, and which of them stand at which places of the rule set."""

    comparer: BulkComparer
    rows: int
    places: tuple[tuple[int, int], ...]


class Comparing:
    """The comparisons and joints of a rule set, made ready for the rows of one frame."""

    def __init__(self, columns: Columns, rules: RuleSet, statistics: Statistics, workers: int = 2) -> None:
        """Make ready in up to so many threads."""
        self.width = len(rules.comparisons) + len(rules.joints)
        with ThreadPoolExecutor(max(workers, 1)) as pool:
            self._parts = list(pool.map(lambda make: make(), _plans(columns, rules, statistics)))
        places = {comparison.name: place for place, comparison in enumerate(rules.comparisons)}
        self._joints = [
            (places[joint.of[0]], places[joint.of[1]], np.array(joint.table, dtype=np.uint8)) for joint in rules.joints
        ]

    def levels(self, left: Codes, right: Codes) -> Levels:
        """Return the levels of pairs of rows, shape (comparisons and joints, pairs); threads may call it at once."""
        left, right = frozen(left), frozen(right)
        levels = np.empty((self.width, len(left)), dtype=np.uint8)
        for part in self._parts:
            found = np.empty((part.rows, len(left)), dtype=np.uint8)
            part.comparer.fill(left, right, found)
            for row, place in part.places:
                levels[place] = found[row]
        for place, (first, second, table) in enumerate(self._joints, start=self.width - len(self._joints)):
            fill_joint(levels[first], levels[second], table, levels[place])
        return levels


def levels_of(pairs: RowPairs, rules: RuleSet) -> Levels:
    """Return the levels of the pairs of rows: shape (pairs, comparisons and joints), equal to `compare.compare`'s."""
    comparing = Comparing(pairs.columns, rules, pairs.statistics, pairs.workers)
    levels = np.empty((len(pairs), comparing.width), dtype=np.uint8)

    def compare(chunk: slice) -> None:
        levels[chunk] = comparing.levels(pairs.left[chunk], pairs.right[chunk]).T

    for _ in in_chunks(compare, len(pairs), pairs.workers):
        pass
    return levels


def _plans(columns: Columns, rules: RuleSet, statistics: Statistics) -> list[Callable[[], Part]]:
    """Return what makes each part ready; comparisons of the same name parts are one."""
    plans: list[Callable[[], Part]] = []
    of_names: dict[tuple[str, ...], list[tuple[int, Comparison]]] = {}
    for place, comparison in enumerate(rules.comparisons):
        if comparison.kind in names.KINDS:
            of_names.setdefault(comparison.parts[:NAME_PARTS], []).append((place, comparison))
        else:
            plans.append(partial(_single, columns, statistics, place, comparison))
    return [partial(_named, columns, statistics, group) for group in of_names.values()] + plans


def _single(columns: Columns, statistics: Statistics, place: int, comparison: Comparison) -> Part:
    return Part(frozen(PREPARE[comparison.kind](columns, comparison, statistics)), 1, ((0, place),))


def _named(columns: Columns, statistics: Statistics, group: list[tuple[int, Comparison]]) -> Part:
    parts = max((comparison.parts for _, comparison in group), key=len)
    places = tuple((names.KINDS.index(comparison.kind), place) for place, comparison in group)
    return Part(frozen(names.prepare_names(columns, parts, statistics)), len(names.KINDS), places)


@compiled
def fill_joint(first: Levels, second: Levels, table: Levels, levels: Levels) -> None:
    """Write the levels of a joint of two comparisons; in place."""
    for pair in range(len(levels)):
        levels[pair] = table[first[pair], second[pair]]
