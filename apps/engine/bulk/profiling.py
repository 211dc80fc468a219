"""Frequencies of words, values and match keys in a standard frame."""

import numpy as np
import pyarrow as pa

from apps.engine.bulk.blocking import caps_of, keyed_rows, runs
from apps.engine.bulk.frames import ABSENT, Encoded, Ints, column_of, combine, combine_columns, values_at
from apps.engine.compare import spaces_of
from apps.engine.compare.spaces import Space, joined_value
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics


def profile(standard: pa.Table, rules: RuleSet) -> Statistics:
    """Return the statistics of a standard frame, to be frozen with a version of the rule set."""
    naming = _first_words(column_of(standard, rules.naming))
    counts = {}
    for space in spaces_of(rules):
        found = _count_words(standard, space) if space.of_words else _count_names(standard, space, naming)
        if found:
            counts[space.name] = found
    return Statistics(standard.num_rows, rules.digest, counts, _hot_keys(standard, rules))


def _first_words(naming: Encoded) -> Encoded:
    """Return names by their first word only: sisters and misspelt ends count as one name, strangers do not."""
    known: dict[str, int] = {}
    table = [known.setdefault(value.partition(" ")[0], len(known)) for value in naming.values]
    return Encoded(np.array([*table, ABSENT], dtype=np.int32)[naming.codes], list(known))


def _count_words(standard: pa.Table, space: Space) -> dict[str, int]:
    """Return how many records hold each word of the part, from two up."""
    column = column_of(standard, space.parts[0])
    held = np.bincount(column.codes[column.codes != ABSENT], minlength=len(column.values)).tolist()
    counts: dict[str, int] = {}
    for value, records in zip(column.values, held, strict=True):
        for word in set(value.split()):
            counts[word] = counts.get(word, 0) + records
    return {word: count for word, count in counts.items() if count > 1}


def _count_names(standard: pa.Table, space: Space, naming: Encoded) -> dict[str, int]:
    """Return how many different names hold each value of the space, from two up."""
    columns = [column_of(standard, part) for part in space.parts]
    used = np.flatnonzero(np.all([c.codes != ABSENT for c in columns], axis=0) & (naming.codes != ABSENT))
    first, value = combine_columns([Encoded(column.codes[used], column.values) for column in columns])
    pairs = np.unique(combine(value, naming.codes[used], len(naming.values)))
    names = np.bincount(pairs // (len(naming.values) + 1) - 1, minlength=len(first))
    shared = np.flatnonzero(names > 1)
    rows = used[first[shared]]
    texts = map(joined_value, zip(*(values_at(column, rows) for column in columns), strict=True))
    return dict(zip(texts, names[shared].tolist(), strict=True))


def budget_border(sizes: Ints, counts: Ints, most: int) -> tuple[int, int]:
    """Return (size, kept): the rarest keys that make at most `most` pairs, duplicates over keys counted.

    Given are the distinct sizes of the keys' runs, ascending, and how many keys have each. All keys of fewer records
    than `size` are among the rarest, and `kept` of those that `size` records hold.
    """
    if not len(sizes):
        return 0, 0
    each = sizes * (sizes - 1) // 2
    made = np.cumsum(each * counts)
    at = int(np.searchsorted(made, most, side="right"))
    if at == len(sizes):
        return int(sizes[-1]), int(counts[-1])
    return int(sizes[at]), int((most - (made[at] - each[at] * counts[at])) // each[at])


def _hot_keys(standard: pa.Table, rules: RuleSet) -> dict[int, int]:
    """Return the keys that too many records hold, with how many do.

    Too many are more than the key's cap. Where the others together would break the budget, it is also the most common
    of them; of keys equally common, those of the higher number.
    """
    keys = np.sort(keyed_rows(standard)[1])
    starts, sizes = runs(keys)
    held = keys[starts]
    hot = sizes > caps_of(held, rules)
    within = np.flatnonzero(~hot & (sizes > 1))
    distinct, counts = np.unique(sizes[within], return_counts=True)
    size, kept = budget_border(distinct, counts, rules.caps.pairs * standard.num_rows)
    hot[within[sizes[within] > size]] = True
    hot[within[sizes[within] == size][kept:]] = True
    return dict(zip(held[hot].tolist(), sizes[hot].tolist(), strict=True))
