"""Levels of many pairs at once, one column per comparison.

A comparer without a vectorised twin is called once per distinct pair of values. Those with one live in `bulk.names`,
`bulk.streets` and `bulk.contacts`; either way the levels equal the row code's.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.contacts import phone_levels, postcode_levels
from apps.engine.bulk.domains import domain_levels, name_domain_levels
from apps.engine.bulk.frames import ABSENT, Codes, Encoded, combine, combine_columns, values_at
from apps.engine.bulk.leftovers import leftover_levels, leftover_weight_levels
from apps.engine.bulk.names import letter_levels, name_levels
from apps.engine.bulk.pairs import RowPairs
from apps.engine.bulk.streets import street_levels
from apps.engine.bulk.texts import bag_levels
from apps.engine.compare import COMPARERS
from apps.engine.rules import Comparison, RuleSet

Levels = npt.NDArray[np.uint8]
BulkComparer = Callable[[RowPairs, Comparison], Levels]

VECTORISED: dict[str, BulkComparer] = {
    "names": name_levels,
    "leftovers": leftover_levels,
    "leftover_weight": leftover_weight_levels,
    "letters": letter_levels,
    "name_domains": name_domain_levels,
    "bag": bag_levels,
    "street": street_levels,
    "domains": domain_levels,
    "postcode": postcode_levels,
    "phones": phone_levels,
}


def levels_of(pairs: RowPairs, rules: RuleSet) -> Levels:
    """Return the levels of the pairs of rows: shape (pairs, comparisons and joints), equal to `compare.compare`'s."""
    levels = np.zeros((len(pairs), len(rules.comparisons) + len(rules.joints)), dtype=np.uint8)

    def compare(group: list[tuple[int, Comparison]]) -> None:
        for position, comparison in group:
            levels[:, position] = VECTORISED.get(comparison.kind, distinct_levels)(pairs, comparison)

    with ThreadPoolExecutor(max(pairs.workers, 1)) as pool:
        for _ in pool.map(compare, _groups(rules.comparisons)):
            pass
    places = {comparison.name: position for position, comparison in enumerate(rules.comparisons)}
    for position, joint in enumerate(rules.joints, start=len(rules.comparisons)):
        first, second = (levels[:, places[name]] for name in joint.of)
        levels[:, position] = np.array(joint.table, dtype=np.uint8)[first, second]
    return levels


def _groups(comparisons: Sequence[Comparison]) -> list[list[tuple[int, Comparison]]]:
    """Return the comparisons with their places, those together that share what they work out from one part."""
    groups: dict[str, list[tuple[int, Comparison]]] = {}
    for position, comparison in enumerate(comparisons):
        groups.setdefault(comparison.parts[0], []).append((position, comparison))
    return sorted(groups.values(), key=len, reverse=True)


def distinct_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return the levels of one comparison by calling its row code once per distinct pair of values."""
    comparer = COMPARERS[comparison.kind]
    codes, values = _distinct_values([pairs.columns[part] for part in comparison.parts])
    ours, theirs = codes[pairs.left], codes[pairs.right]
    levels = np.zeros(len(pairs), dtype=np.uint8)
    full = (ours != ABSENT) & (theirs != ABSENT) | comparer.compares_absent
    if comparer.when_unequal is not None:
        levels[full & (ours != theirs)] = comparer.when_unequal
        full &= ours == theirs
    where = np.flatnonzero(full)
    low, high = np.minimum(ours[where], theirs[where]), np.maximum(ours[where], theirs[where])
    distinct, inverse = np.unique(combine(low, high, len(values)), return_inverse=True)
    lows, highs = distinct // (len(values) + 1) - 1, distinct % (len(values) + 1) - 1
    values.append((None,) * len(comparison.parts))
    found = np.fromiter(
        (
            comparer.level(values[a], values[b], comparison, pairs.statistics)
            for a, b in zip(lows.tolist(), highs.tolist(), strict=True)
        ),
        dtype=np.uint8,
        count=len(distinct),
    )
    if len(where):
        levels[where] = found[inverse]
    return levels


def _distinct_values(columns: list[Encoded]) -> tuple[Codes, list[tuple[str | None, ...]]]:
    """Return each row's code into the distinct tuples of the parts' values; a row without any of them is absent."""
    first, inverse = combine_columns(columns)
    values = list(zip(*(values_at(column, first) for column in columns), strict=True))
    codes = inverse.astype(np.int32)
    codes[np.all([column.codes == ABSENT for column in columns], axis=0)] = ABSENT
    return codes, values
