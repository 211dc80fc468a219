"""The names of a frame's rows, made ready for kernels once: distinct texts as words, words as facts."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.frames import ABSENT, Coded, Codes, Columns, Flags, Ints
from apps.engine.bulk.letters import raw_of
from apps.engine.bulk.readings import (
    CITY,
    FORMER,
    FULL_BYTES,
    FULL_LETTERS,
    FULL_START,
    GENERAL_WORDS,
    NAME,
    NOWHERE,
    OTHER,
    STANDS_FOR,
    Names,
)
from apps.engine.bulk.words import (
    BITS,
    GENERAL_KIND,
    KINDS,
    Split,
    Words,
    counts_of,
    flags_of,
    split_words,
    tokens_of,
    words_of,
)
from apps.engine.compare import leftovers
from apps.engine.compare.leftovers import CITY_PART, COMMON_BELOW, NAME_PARTS, TRADE_WORDS, UNCOMMON_BELOW
from apps.engine.compare.readings import MOST_GENERAL, MOST_WORDS, SEPARATOR, SHORTEST_ACRONYM
from apps.engine.statistics import Statistics, rarity
from apps.engine.tables import load_rows

NOBODY: Final = -1
"""The list of the name that an acronym is which is no name."""
MOST_OF_A_CITY: Final = 1 << 30


def names_of(columns: Columns, parts: tuple[str, ...], statistics: Statistics) -> Names:
    """Return the names whose parts these are: those of `compare.names`, and the city where words left over matter."""
    present, general, former, other, acronym, full = (columns.coded(part) for part in parts[:NAME_PARTS])
    city = columns.coded(parts[CITY_PART]) if len(parts) > CITY_PART else Coded(present.codes, full.texts[:0])
    also, starts = _also_names([former.texts, other.texts])
    texts, tokens = tokens_of(
        [
            split_words(present.texts, MOST_WORDS),
            split_words(general.texts, MOST_GENERAL),
            split_words(also, MOST_WORDS),
            _city_words(city.texts),
        ]
    )
    lists = _Lists()
    of_names, of_general, of_also, of_cities = (lists.add(*found) for found in tokens)
    rows = np.zeros((len(present.codes), FULL_LETTERS + 1), dtype=np.int32)
    rows[:, NAME] = np.r_[of_names, NOWHERE][present.codes]
    rows[:, GENERAL_WORDS] = np.r_[of_general, NOWHERE][general.codes]
    rows[:, FORMER] = np.r_[lists.add(starts[0], of_also), NOWHERE][former.codes]
    rows[:, OTHER] = np.r_[lists.add(starts[1], of_also), NOWHERE][other.codes]
    if len(city.texts):
        rows[:, CITY] = np.r_[of_cities, NOWHERE][city.codes]
    rows[:, STANDS_FOR] = np.r_[of_names, NOBODY][_names_of_acronyms(present.texts, acronym)]
    raw = raw_of(full.texts)
    for place, facts in ((FULL_START, raw.starts[:-1]), (FULL_BYTES, np.diff(raw.starts)), (FULL_LETTERS, raw.lengths)):
        rows[:, place] = np.r_[facts, 0][full.codes]
    return Names(rows, lists.joined(), _words_of_names(texts, parts, statistics), raw.content)


class _Lists:
    """Lists of codes behind one another, each led by its length; the first one is empty."""

    def __init__(self) -> None:
        self._parts = [np.zeros(1, dtype=np.int32)]
        self._size = 1

    def add(self, starts: Ints, entries: Codes) -> Codes:
        """Add lists, of which `n` is `entries[starts[n]:starts[n + 1]]`, and return where each begins."""
        count = len(starts) - 1
        begins: Codes = (self._size + starts[:-1] - starts[0] + np.arange(count)).astype(np.int32)
        lists = np.empty(int(starts[-1] - starts[0]) + count, dtype=np.int32)
        heads = np.zeros(len(lists), dtype=np.bool_)
        heads[begins - self._size] = True
        lists[heads] = np.diff(starts)
        lists[~heads] = entries[starts[0] : starts[-1]]
        self._parts.append(lists)
        self._size += len(lists)
        return begins

    def joined(self) -> Codes:
        """Return all lists as one array."""
        return np.concatenate(self._parts)


def _also_names(columns: list[pa.Array]) -> tuple[pa.Array, list[Ints]]:
    """Return the single names of columns of several each, and per column where each of its texts' names start."""
    names, starts, count = [], [], 0
    for texts in columns:
        lists = pc.split_pattern(texts, SEPARATOR)
        kept = pc.not_equal(lists.values, "").to_numpy(zero_copy_only=False)
        starts.append(count + np.r_[0, np.cumsum(kept)][lists.offsets.to_numpy()])
        names.append(lists.values.filter(pa.array(kept)))
        count += len(names[-1])
    return pa.concat_arrays(names), starts


def _city_words(cities: pa.Array) -> Split:
    joined = pc.replace_substring(cities, " ", "")
    return split_words(pc.binary_join_element_wise(cities, joined, " "), MOST_OF_A_CITY)


def _names_of_acronyms(names: pa.Array, acronym: Coded) -> Codes:
    """Return for each row the code of the name that is spelt like its acronym, -1 where none is."""
    found = pc.fill_null(pc.index_in(acronym.texts, value_set=names), ABSENT).to_numpy()
    lengths = pc.utf8_length(acronym.texts).to_numpy()
    named = np.r_[np.where(lengths < SHORTEST_ACRONYM, ABSENT, found), ABSENT].astype(np.int32)
    codes: Codes = named[acronym.codes]
    return codes


def _words_of_names(texts: pa.Array, parts: tuple[str, ...], statistics: Statistics) -> Words:
    """Return the words with their surprise, and their kinds where words left over matter."""
    counted = statistics.counts.get(parts[0], {})
    seen = counts_of(texts, counted, 1)
    words = words_of(texts, _surprise(texts, seen, statistics.records))
    if len(parts) > CITY_PART:
        as_city = counts_of(texts, statistics.counts.get(parts[CITY_PART], {}), 0)
        as_general = np.where(flags_of(texts, TRADE_WORDS), leftovers.TRADE, leftovers.GENERAL)
        as_distinctive = _distinctive_kinds(words.facts[:, BITS], as_city > seen)
        words.facts[:, KINDS] = as_distinctive + GENERAL_KIND * as_general
    return words


def _surprise(texts: pa.Array, seen: Ints, records: int) -> Ints:
    """Return `compare.words.word_rarity` of each word."""
    background = {word: int(count) for word, count in load_rows("name_word_counts.tsv")}
    names = background.pop("*")
    total, inverse = np.unique(seen + counts_of(texts, background, 0), return_inverse=True)
    found: Ints = np.array([rarity(records + names, count) for count in total.tolist()], dtype=np.int64)[inverse]
    return found


def _distinctive_kinds(bits: Ints, places: Flags) -> npt.NDArray[np.int64]:
    """Return the kinds of distinctive words left over that don't number, as `compare.leftovers` does."""
    return np.select(
        [places, bits < COMMON_BELOW, bits < UNCOMMON_BELOW],
        [leftovers.PLACE, leftovers.COMMON, leftovers.UNCOMMON],
        leftovers.RARE,
    )
