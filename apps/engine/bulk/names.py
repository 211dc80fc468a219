"""Levels of the comparisons of names, of many pairs at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.bulk.pairs import RowPairs, in_chunks
from apps.engine.bulk.readings import (
    NameTable,
    Side,
    align,
    name_table,
    shared_millibits,
    side_of,
    whole_agreements,
)
from apps.engine.bulk.words import NONE
from apps.engine.compare.names import (
    ACRONYM,
    DIFFERENT,
    LETTER_BOUNDS,
    LONG_LETTERS,
    NAME_RARITIES,
    NAME_RARITY_BOUNDS,
)
from apps.engine.compare.readings import (
    ALSO,
    COMPARES_WORDS,
    CUT_LENGTHS,
    SEPARATOR,
    SHORTEST_ACRONYM,
    WHOLE,
    Agreement,
    is_cut_short,
)
from apps.engine.compare.similarity import edit_similarity_pairs
from apps.engine.compare.words import Twin
from apps.engine.rules import Comparison
from apps.engine.statistics import rarity

Levels = npt.NDArray[np.uint8]
Masks = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class NameColumns:
    """The parts of one names comparison over a frame's rows.

    The former and other names of a row are `also[also_starts[row]:][:also_counts[row]]`, as codes of names; `acronyms`
    gives, per acronym code, the name that is spelt like it, and ends in an entry for absent rows.
    """

    table: NameTable
    present: Codes
    general: Codes
    whole: Encoded
    also: Codes
    also_starts: Ints
    also_counts: Ints
    acronym: Codes
    acronyms: Codes


@dataclass(frozen=True)
class Readings:
    """What each pair of names says, as `compare.readings.Reading` does; arrays run over the pairs.

    `agreement` is -1 where a name is missing, `shared` in millibits. The masks have one bit per token left over.
    """

    columns: NameColumns
    agreement: npt.NDArray[np.int8]
    shared: npt.NDArray[np.int32]
    our_over: Masks
    their_over: Masks
    general_shared: Flags


def name_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.names.compare_names` returns for each pair of rows."""
    found = readings_of(pairs, comparison.parts)
    above_chance = found.shared - rarity(max(pairs.statistics.records, 1), 1)
    rare = np.sum([above_chance < bound for bound in NAME_RARITY_BOUNDS], axis=0, dtype=np.int16)
    levels = 1 + found.agreement.astype(np.int16) * len(NAME_RARITIES) + rare
    levels[found.agreement == Agreement.ACRONYM] = ACRONYM
    levels[found.agreement == Agreement.NONE] = DIFFERENT
    levels[found.agreement < 0] = 0
    return levels.astype(np.uint8)


def letter_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.names.compare_letters` returns for each pair of rows."""
    found = readings_of(pairs, comparison.parts)
    levels = np.zeros(len(pairs), dtype=np.uint8)
    comparable = np.flatnonzero(np.isin(found.agreement, list(COMPARES_WORDS)))
    table = found.columns.table
    left, right = (found.columns.present[side[comparable]] for side in (pairs.left, pairs.right))
    same = table.joined_code[left] == table.joined_code[right]
    levels[comparable[same]] = 1
    joined = np.array(table.joined, dtype=object)
    similar = edit_similarity_pairs(joined[left[~same]].tolist(), joined[right[~same]].tolist(), pairs.workers)
    below = np.sum([similar < bound for bound in LETTER_BOUNDS], axis=0)
    length = np.maximum(table.joined_length[left[~same]], table.joined_length[right[~same]])
    levels[comparable[~same]] = 2 + 2 * below + (length < LONG_LETTERS)
    return levels


def readings_of(pairs: RowPairs, parts: tuple[str, ...]) -> Readings:
    """Return the readings of the pairs' names, worked out once for all comparisons that ask."""
    key = f"readings of {' '.join(parts)}"
    known = pairs.memo.get(key)
    if isinstance(known, Readings):
        return known
    columns = _columns_of(pairs, parts)
    count = len(pairs)
    found = Readings(
        columns,
        np.full(count, -1, dtype=np.int8),
        np.zeros(count, dtype=np.int32),
        np.zeros(count, dtype=np.uint16),
        np.zeros(count, dtype=np.uint16),
        np.zeros(count, dtype=np.bool_),
    )

    def read(rows: slice) -> None:
        full = (columns.present[pairs.left[rows]] != ABSENT) & (columns.present[pairs.right[rows]] != ABSENT)
        _read(pairs, found, rows.start + np.flatnonzero(full))

    in_chunks(read, count, pairs.workers)
    pairs.memo[key] = found
    return found


def _read(pairs: RowPairs, found: Readings, at: Ints) -> None:
    """Read the pairs at the given places; in place."""
    columns, table = found.columns, found.columns.table
    rows = pairs.left[at], pairs.right[at]
    left, right = (side_at(columns, side) for side in rows)
    twins = align(table, left, right, pairs.workers)
    agreed = whole_agreements(table, left, right, twins, pairs.workers)
    whole = agreed != Agreement.NONE
    shared = shared_millibits(table, left, right, twins)
    least = np.minimum(table.bits[left.names], table.bits[right.names])
    starts = (twins[0][:, 0] != Twin.NONE) & (twins[1][:, 0] != Twin.NONE)
    some = [(side.is_word & (twin != Twin.NONE)).any(axis=1) for side, twin in zip((left, right), twins, strict=True)]
    agreed[~whole & some[0] & some[1]] = Agreement.SHARES
    agreed[~whole & some[0] & some[1] & starts] = Agreement.STARTS
    stands = _stands_for(columns, *rows) | _stands_for(columns, *rows[::-1])
    agreed[~whole & stands] = Agreement.ACRONYM
    _find_also(columns, rows, (agreed, shared), np.flatnonzero(~whole), pairs.workers)
    cut = _cut_short(columns.whole, rows, ~whole)
    agreed[cut] = Agreement.CUT_SHORT
    wholly = np.isin(agreed, [*WHOLE, Agreement.CUT_SHORT])
    found.agreement[at] = agreed
    found.shared[at] = np.where(wholly, least, shared)
    for side, twin, masks in ((left, twins[0], found.our_over), (right, twins[1], found.their_over)):
        over = twin == Twin.NONE
        over[:, : side.width] &= ~whole[:, None]
        masks[at] = (over << np.arange(over.shape[1], dtype=np.uint16)).sum(axis=1, dtype=np.uint16)
    ours, theirs = left.tokens[:, left.width :], right.tokens[:, right.width :]
    found.general_shared[at] = ((ours[:, :, None] == theirs[:, None, :]) & (ours != NONE)[:, :, None]).any(axis=(1, 2))


def side_at(columns: NameColumns, rows: Codes) -> Side:
    """Return one side of pairs: the names of the rows with their words and general words."""
    return side_of(columns.table, columns.present[rows], columns.general[rows])


def _columns_of(pairs: RowPairs, parts: tuple[str, ...]) -> NameColumns:
    present, general, former, other, acronym, whole = (pairs.columns[part] for part in parts)
    code_of = {name: code for code, name in enumerate(present.values)}
    spread = [_also_codes(column, code_of) for column in (former, other)]
    counts = spread[0][1] + spread[1][1]
    also = np.concatenate([codes for codes, _ in spread])
    owner = np.concatenate([np.repeat(np.arange(len(counts)), count) for _, count in spread])
    return NameColumns(
        table=name_table(list(code_of), general.values, parts[0], pairs.statistics),
        present=present.codes,
        general=general.codes,
        whole=whole,
        also=also[np.argsort(owner, kind="stable")],
        also_starts=np.cumsum(counts) - counts,
        also_counts=counts,
        acronym=acronym.codes,
        acronyms=np.array([code_of.get(a, NONE) for a in acronym.values] + [NONE], dtype=np.int32),
    )


def _also_codes(column: Encoded, code_of: dict[str, int]) -> tuple[Codes, Ints]:
    """Return the codes of the names that the rows' texts hold, one row after the other, and how many each row has."""
    names = [[code_of.setdefault(n, len(code_of)) for n in text.split(SEPARATOR) if n] for text in column.values]
    counts = np.array([len(codes) for codes in names] + [0], dtype=np.int64)
    flat = np.array([code for codes in names for code in codes], dtype=np.int32)
    starts = np.cumsum(counts) - counts
    taken = ranges(starts[column.codes], counts[column.codes])
    return flat[taken], counts[column.codes]


def _find_also(
    columns: NameColumns, rows: tuple[Codes, Codes], found: tuple[npt.NDArray[np.int8], Ints], at: Ints, workers: int
) -> None:
    """Where present names don't agree, let a former or other name that does stand in; in place."""
    agreed, shared = found
    pairs, ours, theirs = [], [], []
    for one, other in (rows, rows[::-1]):
        holder = other[at]
        counts = columns.also_counts[holder]
        pairs.append(np.repeat(at, counts))
        ours.append(np.repeat(columns.present[one[at]], counts))
        theirs.append(columns.also[ranges(columns.also_starts[holder], counts)])
    pair = np.concatenate(pairs)
    if not len(pair):
        return
    left, right = (side_of(columns.table, np.concatenate(side)) for side in (ours, theirs))
    whole = whole_agreements(columns.table, left, right, align(columns.table, left, right, workers), workers)
    least = np.minimum(columns.table.bits[left.names], columns.table.bits[right.names])
    good = np.flatnonzero(np.isin(whole, list(ALSO)))
    good = good[np.lexsort((-least[good], whole[good], pair[good]))]
    best = good[np.unique(pair[good], return_index=True)[1]]
    agreed[pair[best]] = np.where(whole[best] == Agreement.SAME, Agreement.ALSO_SAME, Agreement.ALSO_ALIKE)
    shared[pair[best]] = least[best]


def _stands_for(columns: NameColumns, short: Codes, long: Codes) -> Flags:
    name = columns.present[short]
    stands: Flags = name == columns.acronyms[columns.acronym[long]]
    return stands & (columns.table.joined_length[name] >= SHORTEST_ACRONYM)


def _cut_short(whole: Encoded, rows: tuple[Codes, Codes], wanted: Flags) -> Ints:
    """Return the places of the wanted pairs where one full name is the other cut short."""
    lengths = np.array([len(text) for text in whole.values] + [0], dtype=np.int64)
    ours, theirs = (whole.codes[side] for side in rows)
    short = np.minimum(lengths[ours], lengths[theirs])
    possible = (short >= CUT_LENGTHS.start) & (short < CUT_LENGTHS.stop) & (lengths[ours] != lengths[theirs])
    chosen = np.flatnonzero(possible & wanted)
    texts = [*whole.values, ""]
    both = zip(ours[chosen].tolist(), theirs[chosen].tolist(), strict=True)
    return chosen[np.array([is_cut_short(texts[a], texts[b]) for a, b in both], dtype=np.bool_)]
