"""Names of many pairs at once: words as integers, matched by broadcasting, spellings by `cpdist` on distinct pairs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.bulk.pairs import RowPairs
from apps.engine.bulk.words import NONE, Names, Words, table_of
from apps.engine.compare.names import (
    ACRONYM,
    ALIKE,
    CONTAINED,
    CUT_LENGTHS,
    CUT_SHORT,
    DIFFERENT,
    FORMERLY_SAME,
    LOOSELY_CONTAINED,
    NAMES_ALIKE,
    OVERLAP,
    PART,
    RARITIES,
    RARITY_BOUNDS,
    SAME,
    SEPARATOR,
    SHORTEST_ACRONYM,
    WORDS_ALIKE,
    is_cut_short,
)
from apps.engine.compare.similarity import edit_similarity_pairs
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics, rarity

CHUNK = 200_000
Classes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class NameColumns:
    """The parts of one names comparison over a frame's rows.

    The former names of former code c are `former_names[former_starts[c]:][:former_counts[c]]`, as codes of `names`;
    `acronyms` gives, per acronym code, the name that is spelt like it. Both end in an entry for absent rows.
    """

    names: Names
    present: Encoded
    former: Encoded
    acronym: Encoded
    whole: Encoded
    former_names: Codes
    former_starts: Ints
    former_counts: Ints
    acronyms: Codes


@dataclass(frozen=True)
class Agreements:
    """Classes of agreement (`NONE` for none) and shared millibits of the pairs of rows; improved in place."""

    left: Codes
    right: Codes
    agreed: Classes
    shared: Ints


def name_levels(pairs: RowPairs, comparison: Comparison) -> npt.NDArray[np.uint8]:
    """Return what `compare.names.compare_names` returns for each pair of rows."""
    columns = _columns_of(pairs, comparison, pairs.statistics)
    present = columns.present.codes
    levels = np.zeros(len(pairs), dtype=np.uint8)
    for start in range(0, len(pairs), CHUNK):
        rows = slice(start, start + CHUNK)
        full = np.flatnonzero((present[pairs.left[rows]] != ABSENT) & (present[pairs.right[rows]] != ABSENT))
        left, right = pairs.left[rows][full], pairs.right[rows][full]
        found = Agreements(left, right, *_agreements(columns.names, present[left], present[right], pairs.workers))
        _find_cut_short(columns, found)
        _improve_by_formers(columns, found, pairs.workers)
        levels[start + full] = _levels_from(columns, found, pairs.statistics)
    return levels


def _columns_of(pairs: RowPairs, comparison: Comparison, statistics: Statistics) -> NameColumns:
    present, former, acronym, whole = (pairs.columns[part] for part in comparison.parts)
    code_of = {name: code for code, name in enumerate(present.values)}
    formers = [[code_of.setdefault(n, len(code_of)) for n in v.split(SEPARATOR) if n] for v in former.values]
    counts = np.array([len(codes) for codes in formers] + [0], dtype=np.int64)
    return NameColumns(
        names=table_of(list(code_of), comparison.parts[0], statistics),
        present=present,
        former=former,
        acronym=acronym,
        whole=whole,
        former_names=np.array([code for codes in formers for code in codes], dtype=np.int32),
        former_starts=np.cumsum(counts) - counts,
        former_counts=counts,
        acronyms=np.array([code_of.get(a, NONE) for a in acronym.values] + [NONE], dtype=np.int32),
    )


def _levels_from(columns: NameColumns, found: Agreements, statistics: Statistics) -> Ints:
    above_chance = found.shared - rarity(max(statistics.records, 1), 1)
    rare = np.sum([above_chance < bound for bound in RARITY_BOUNDS], axis=0)
    stands = _stands_for(columns, found.left, found.right) | _stands_for(columns, found.right, found.left)
    levels: Ints = 1 + found.agreed.astype(np.int64) * len(RARITIES) + rare
    return np.where(found.agreed == NONE, np.where(stands, ACRONYM, DIFFERENT), levels)


def _stands_for(columns: NameColumns, short: Codes, long: Codes) -> Flags:
    name = columns.present.codes[short]
    stands: Flags = name == columns.acronyms[columns.acronym.codes[long]]
    return stands & (columns.names.joined_length[name] >= SHORTEST_ACRONYM)


def _find_cut_short(columns: NameColumns, found: Agreements) -> None:
    """Mark the pairs where one full name is the other cut short."""
    whole, names = columns.whole, columns.names
    lengths = np.array([len(text) for text in whole.values] + [0], dtype=np.int64)
    ours, theirs = whole.codes[found.left], whole.codes[found.right]
    short = np.minimum(lengths[ours], lengths[theirs])
    possible = (short >= CUT_LENGTHS.start) & (short < CUT_LENGTHS.stop) & (lengths[ours] != lengths[theirs])
    possible &= ~np.isin(found.agreed, (SAME, ALIKE, NONE))
    chosen = np.flatnonzero(possible)
    texts = [*whole.values, ""]
    cut = [
        is_cut_short(texts[a], texts[b]) for a, b in zip(ours[chosen].tolist(), theirs[chosen].tolist(), strict=True)
    ]
    hits = chosen[np.array(cut, dtype=np.bool_)]
    left, right = (columns.present.codes[side[hits]] for side in (found.left, found.right))
    found.agreed[hits] = CUT_SHORT
    found.shared[hits] = np.minimum(names.bits[left], names.bits[right])


def _improve_by_formers(columns: NameColumns, found: Agreements, workers: int) -> None:
    """Where present names don't agree, let a former name that does stand in."""
    present, former = columns.present.codes, columns.former.codes
    open_pairs = np.flatnonzero(~np.isin(found.agreed, (SAME, ALIKE, CUT_SHORT)))
    pairs, ours, theirs = [], [], []
    for one, other in ((found.left, found.right), (found.right, found.left)):
        held = former[other[open_pairs]]
        counts = columns.former_counts[held]
        pairs.append(np.repeat(open_pairs, counts))
        ours.append(np.repeat(present[one[open_pairs]], counts))
        theirs.append(columns.former_names[ranges(columns.former_starts[held], counts)])
    pair = np.concatenate(pairs)
    if not len(pair):
        return
    agreed, shared = _agreements(columns.names, np.concatenate(ours), np.concatenate(theirs), workers)
    good = np.flatnonzero((agreed == SAME) | (agreed == ALIKE))
    good = good[np.lexsort((-shared[good], agreed[good], pair[good]))]
    best = good[np.unique(pair[good], return_index=True)[1]]
    found.agreed[pair[best]] = FORMERLY_SAME + agreed[best]
    found.shared[pair[best]] = shared[best]


def _agreements(names: Names, left: Codes, right: Codes, workers: int) -> tuple[Classes, Ints]:
    """Return class and shared millibits of each pair of names, as `compare.names` does."""
    ours, theirs = names.tokens[left], names.tokens[right]
    equal = (ours[:, :, None] == theirs[:, None, :]) & (ours != NONE)[:, :, None]
    our_common, their_common = equal.any(axis=2), equal.any(axis=1)
    our_rest, their_rest = (ours != NONE) & ~our_common, (theirs != NONE) & ~their_common
    same = names.joined_code[left] == names.joined_code[right]
    our_alike, their_alike = alike_words(names.words, (ours, theirs), (our_rest, their_rest), same, workers)
    our_extra, their_extra = our_rest & ~our_alike, their_rest & ~their_alike
    our_bits = np.where(ours == NONE, 0, names.words.bits[ours])
    their_bits = np.where(theirs == NONE, 0, names.words.bits[theirs])
    least = np.minimum(names.bits[left], names.bits[right])
    shared = (our_bits * our_common).sum(axis=1) + np.minimum(
        (our_bits * our_alike).sum(axis=1), (their_bits * their_alike).sum(axis=1)
    )
    extra = (our_bits * our_extra).sum(axis=1) + (their_bits * their_extra).sum(axis=1)
    our_own, their_own = our_extra.any(axis=1), their_extra.any(axis=1)
    one_sided = ~our_own | ~their_own
    agreed = np.where(
        one_sided,
        np.where(2 * extra <= shared, CONTAINED, LOOSELY_CONTAINED),
        np.where(extra <= shared, OVERLAP, PART),
    ).astype(np.int8)
    agreed[~our_common.any(axis=1) & ~our_alike.any(axis=1)] = NONE
    alike = ~our_own & ~their_own
    plain = (names.words.plain[ours] | ~our_rest).all(axis=1) & (names.words.plain[theirs] | ~their_rest).all(axis=1)
    alike |= _names_alike(names, left, right, ~same & ~alike & plain, workers)
    agreed[alike] = ALIKE
    agreed[same] = SAME
    return agreed, np.where(agreed == NONE, 0, np.where((agreed == SAME) | (agreed == ALIKE), least, shared))


def alike_words(
    words: Words, tokens: tuple[Codes, Codes], rests: tuple[Flags, Flags], same: Flags, workers: int
) -> tuple[Flags, Flags]:
    """Return which of the words left over on either side are alike to one left over on the other."""
    (ours, theirs), (our_rest, their_rest) = tokens, rests
    our_alike, their_alike = np.zeros_like(our_rest), np.zeros_like(their_rest)
    pairs = np.flatnonzero(our_rest.any(axis=1) & their_rest.any(axis=1) & ~same)
    chosen, i, j = np.nonzero(our_rest[pairs][:, :, None] & their_rest[pairs][:, None, :])
    a, b = ours[pairs[chosen], i], theirs[pairs[chosen], j]
    usable = (words.first[a] == words.first[b]) | (words.ending[a] == words.ending[b])
    usable &= words.plain[a] & words.plain[b]
    kept = np.flatnonzero(usable)
    low, high = np.minimum(a[kept], b[kept]).astype(np.int64), np.maximum(a[kept], b[kept]).astype(np.int64)
    distinct, inverse = np.unique(low * len(words.texts) + high, return_inverse=True)
    alike = _are_alike(words, distinct // len(words.texts), distinct % len(words.texts), workers)
    hits = kept[alike[inverse]] if len(kept) else kept
    our_alike[pairs[chosen[hits]], i[hits]] = True
    their_alike[pairs[chosen[hits]], j[hits]] = True
    return our_alike, their_alike


def _are_alike(words: Words, left: Ints, right: Ints, workers: int) -> Flags:
    """Return which distinct pairs of plain words are spelt alike."""
    ours, theirs = words.length[left], words.length[right]
    alike: Flags = np.zeros(len(left), dtype=np.bool_)
    # The distance is at least the difference in length.
    near = np.flatnonzero(np.abs(ours - theirs) * 1000 <= 201 * np.maximum(ours, theirs))
    texts = np.array(words.texts, dtype=object)
    similar = edit_similarity_pairs(texts[left[near]].tolist(), texts[right[near]].tolist(), workers)
    alike[near] = similar >= WORDS_ALIKE
    return alike


def _names_alike(names: Names, left: Codes, right: Codes, wanted: Flags, workers: int) -> Flags:
    """Return which of the wanted pairs of names are within the edit distance for names that are alike."""
    ours, theirs = names.joined_length[left], names.joined_length[right]
    # The distance is at least the difference in length, so most pairs are settled by their lengths.
    near = np.abs(ours - theirs) * 1000 <= 101 * np.maximum(ours, theirs)
    chosen = np.flatnonzero(wanted & near)
    joined = np.array(names.joined, dtype=object)
    alike: Flags = np.zeros(len(left), dtype=np.bool_)
    similar = edit_similarity_pairs(joined[left[chosen]].tolist(), joined[right[chosen]].tolist(), workers)
    alike[chosen] = similar >= NAMES_ALIKE
    return alike
