"""Frequencies of words, values and match keys in a standard frame."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.blocking import caps_of, listed_keys
from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Ints, column_of, combine, combine_columns
from apps.engine.compare import spaces_of
from apps.engine.compare.sources import MOST_ALIKE, PAIRS, RECORDS, count_name
from apps.engine.compare.spaces import Space, joined_value
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

Counts = dict[str, int]


@dataclass(frozen=True)
class Coded:
    """A column as codes into its distinct values, which stay an Arrow array; `ABSENT` where null."""

    codes: Codes
    values: pa.Array


def profile(standard: pa.Table, rules: RuleSet, *, workers: int = 2) -> Statistics:
    """Return the statistics of a standard frame, to be frozen with a version of the rule set.

    `workers` bounds the threads that count.
    """
    naming = _first_words(standard, rules.naming)
    spaces = spaces_of(rules)
    with ThreadPoolExecutor(max(workers, 1)) as threads:
        counting = [threads.submit(_count, standard, space, naming, rules.hallmark) for space in spaces]
        hot_keys = _hot_keys(standard, rules)
        counts = {space.name: found.result() for space, found in zip(spaces, counting, strict=True)}
    counts = {name: found for name, found in counts.items() if found}
    return Statistics(standard.num_rows, rules.digest, counts, hot_keys)


def _count(standard: pa.Table, space: Space, naming: Coded, hallmark: Sequence[str]) -> Counts:
    if space.of_sources:
        return _count_sources(standard, space, hallmark)
    return _count_words(standard, space) if space.of_words else _count_names(standard, space, naming)


def _coded(standard: pa.Table, name: str) -> Coded:
    """Return the frame's column coded; a column that the frame lacks is absent throughout."""
    if name not in standard.column_names:
        return Coded(np.full(standard.num_rows, ABSENT, dtype=np.int32), pa.array([], pa.string()))
    return _coded_array(_whole(standard, name))


def _whole(standard: pa.Table, name: str) -> pa.Array:
    column = standard.column(name)
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])


def _coded_array(column: pa.Array) -> Coded:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    codes = pc.fill_null(column.indices.cast(pa.int32()), ABSENT).to_numpy(zero_copy_only=False)
    return Coded(codes, column.dictionary)


def _first_words(standard: pa.Table, part: str) -> Coded:
    """Return names by their first word only: sisters and misspelt ends count as one name, strangers do not."""
    if part not in standard.column_names:
        return _coded(standard, part)
    column = _whole(standard, part)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    words = pc.list_element(pc.split_pattern(column, " ", max_splits=1), 0)
    return _coded_array(words)


def _count_words(standard: pa.Table, space: Space) -> Counts:
    """Return how many records hold each word of the part, from two up."""
    if space.parts[0] not in standard.column_names:
        return {}
    column = _whole(standard, space.parts[0])
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    counts = _count_split(column)
    if any(word.split() != [word] for word in counts):
        # Words are what Python's split makes; Arrow, which is much quicker, splits at one blank.
        counts = _count_split(pa.array([v and " ".join(v.split()) for v in column.to_pylist()], pa.string()))
        counts.pop("", None)
    return counts


def _count_split(column: pa.Array) -> Counts:
    """Return how many rows hold each word between single blanks, from two up."""
    lists = pc.split_pattern(column, " ")
    words = _coded_array(lists.flatten())
    rows = np.repeat(np.arange(len(column)), pc.fill_null(pc.list_value_length(lists), 0).to_numpy())
    held = _distinct(combine(rows, words.codes, len(words.values))) % (len(words.values) + 1) - 1
    counts = np.bincount(held, minlength=len(words.values))
    shared = np.flatnonzero(counts > 1)
    return dict(zip(words.values.take(pa.array(shared)).to_pylist(), counts[shared].tolist(), strict=True))


def _count_names(standard: pa.Table, space: Space, naming: Coded) -> Counts:
    """Return how many different names hold each value of the space, from two up."""
    columns = [_coded(standard, part) for part in space.parts]
    used = np.flatnonzero(np.all([c.codes != ABSENT for c in columns], axis=0) & (naming.codes != ABSENT))
    value, first = _combined([column.codes[used] for column in columns], [len(column.values) for column in columns])
    pairs = _distinct(combine(value, naming.codes[used], len(naming.values)))
    names = np.bincount(pairs // (len(naming.values) + 1) - 1, minlength=len(first))
    shared = np.flatnonzero(names > 1)
    rows = used[first[shared]]
    texts = map(joined_value, zip(*(c.values.take(pa.array(c.codes[rows])).to_pylist() for c in columns), strict=True))
    return dict(zip(texts, names[shared].tolist(), strict=True))


def _combined(codes: Sequence[Codes], widths: Sequence[int]) -> tuple[Ints, Ints]:
    """Return each row's combination of codes as a number from 0 up, and the first row of each combination."""
    combined = codes[0].astype(np.int64)
    for column, width in zip(codes[1:], widths[1:], strict=True):
        # Numbered afresh before each step, so that the product never leaves 64 bits.
        combined = combine(_numbered(combined), column, width)
    numbers = _numbered(combined)
    first = np.empty(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return numbers, first


def _numbered(values: Ints) -> Ints:
    """Return equal values as equal numbers from 0 up, in the order in which they first appear."""
    # Arrow's hash table is several times quicker than NumPy's sort for the inverse.
    numbers: Ints = pa.array(values).dictionary_encode().indices.to_numpy().astype(np.int64)
    return numbers


def _distinct(values: Ints) -> Ints:
    """Return the distinct values, sorted (in place)."""
    values.sort()
    fresh = np.ones(len(values), dtype=np.bool_)
    fresh[1:] = values[1:] != values[:-1]
    return values[fresh]


def _count_sources(standard: pa.Table, space: Space, hallmark: Sequence[str]) -> Counts:
    """Return, of the records that have the hallmark and a source, what `compare.sources` reads; nothing where none has.

    Pairs are those of equal hallmarks, but for hallmarks that more than `MOST_ALIKE` records hold.
    """
    source = column_of(standard, space.parts[0])
    columns = [column_of(standard, part) for part in hallmark]
    used = np.flatnonzero(np.all([c.codes != ABSENT for c in (source, *columns)], axis=0))
    if not columns or not len(used):
        return {}
    _, value = combine_columns([Encoded(column.codes[used], column.values) for column in columns])
    _, alike, sizes = np.unique(value, return_inverse=True, return_counts=True)
    giver = source.codes[used]
    few = sizes[alike] <= MOST_ALIKE
    held, counts = np.unique(combine(alike[few], giver[few], len(source.values)), return_counts=True)
    twice = np.bincount(held % (len(source.values) + 1) - 1, counts * (counts - 1) // 2, len(source.values))
    sizes = sizes[sizes <= MOST_ALIKE]
    found = {PAIRS: int((sizes * (sizes - 1) // 2).sum())}
    found |= {count_name(PAIRS, s): int(n) for s, n in zip(source.values, twice.tolist(), strict=True)}
    records = np.bincount(giver, minlength=len(source.values)).tolist()
    found |= {count_name(RECORDS, s): n for s, n in zip(source.values, records, strict=True)}
    return {name: count for name, count in found.items() if count}


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
    # Imported where it is used: compiled code takes a second to load.
    from apps.engine.bulk.holders import key_counts

    held, sizes = key_counts(listed_keys(standard)[1])
    hot = sizes > caps_of(held, rules)
    within = np.flatnonzero(~hot)
    many = np.bincount(sizes[within])
    distinct = np.flatnonzero(many)
    size, kept = budget_border(distinct, many[distinct], rules.caps.pairs * standard.num_rows)
    hot[within[sizes[within] > size]] = True
    hot[within[sizes[within] == size][kept:]] = True
    return dict(zip(held[hot].tolist(), sizes[hot].tolist(), strict=True))
