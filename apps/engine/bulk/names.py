"""Names of many pairs at once: words as integers, matched by broadcasting, spellings by `cpdist` on distinct pairs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Flags, Ints, column_of
from apps.engine.bulk.keys import ranges
from apps.engine.compare.names import (
    ACRONYM,
    ALIKE,
    CONTAINED,
    CUT_LENGTHS,
    CUT_SHORT,
    DIFFERENT,
    FORMERLY_SAME,
    LOOSELY_CONTAINED,
    MOST_WORDS,
    NAMES_ALIKE,
    OVERLAP,
    PART,
    RARITIES,
    RARITY_BOUNDS,
    SAME,
    SEPARATOR,
    SHORTEST_ACRONYM,
    SHORTEST_SPELLING,
    WORDS_ALIKE,
    is_cut_short,
    is_numbering,
)
from apps.engine.compare.similarity import edit_similarity_pairs
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics, rarity

CHUNK = 200_000
NONE = -1
Classes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Words:
    """The distinct words of all names; arrays run over words."""

    texts: list[str]
    bits: Ints
    length: Codes
    first: Codes
    ending: Codes
    plain: Flags


@dataclass(frozen=True)
class Names:
    """The distinct names, present and former; arrays run over names, `tokens` pads with -1."""

    words: Words
    tokens: Codes
    bits: Ints
    joined: list[str]
    joined_code: Codes
    joined_length: Codes


def name_levels(
    standard: pa.Table, left: Codes, right: Codes, comparison: Comparison, statistics: Statistics, workers: int
) -> npt.NDArray[np.uint8]:
    """Return what `compare.names.compare_names` returns for each pair of rows."""
    present, former, acronym, whole = (column_of(standard, part) for part in comparison.parts)
    code_of = {name: code for code, name in enumerate(present.values)}
    formers = [[code_of.setdefault(n, len(code_of)) for n in v.split(SEPARATOR) if n] for v in former.values]
    names = _table_of(list(code_of), comparison.parts[0], statistics)
    acronyms = np.array([code_of.get(a, NONE) for a in acronym.values] + [NONE], dtype=np.int32)
    levels = np.zeros(len(left), dtype=np.uint8)
    chance = rarity(max(statistics.records, 1), 1)
    for start in range(0, len(left), CHUNK):
        rows = slice(start, start + CHUNK)
        ours, theirs = present.codes[left[rows]], present.codes[right[rows]]
        full = np.flatnonzero((ours != ABSENT) & (theirs != ABSENT))
        here, there = left[rows][full], right[rows][full]
        agreed, shared = _agreements(names, ours[full], theirs[full], workers)
        _find_cut_short(names, whole, ours[full], theirs[full], here, there, agreed, shared)
        _improve_by_formers(names, formers, former, present, here, there, agreed, shared, workers)
        rare = np.sum([shared - chance < bound for bound in RARITY_BOUNDS], axis=0)
        found = 1 + agreed.astype(np.int64) * len(RARITIES) + rare
        short = (_stands_for(names, ours[full], acronyms[acronym.codes[there]])) | (
            _stands_for(names, theirs[full], acronyms[acronym.codes[here]])
        )
        found[agreed == NONE] = np.where(short[agreed == NONE], ACRONYM, DIFFERENT)
        levels[start + full] = found
    return levels


def _table_of(texts: list[str], space: str, statistics: Statistics) -> Names:
    code_of: dict[str, int] = {}
    rows = [list(dict.fromkeys(text.split()[:MOST_WORDS])) for text in texts]
    width = max((len(row) for row in rows), default=1) or 1
    tokens = np.full((len(rows), width), NONE, dtype=np.int32)
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    flat = np.fromiter((code_of.setdefault(w, len(code_of)) for row in rows for w in row), np.int32, int(lengths.sum()))
    owner = np.repeat(np.arange(len(rows)), lengths)
    tokens[owner, ranges(np.zeros(len(rows), dtype=np.int64), lengths)] = flat
    words = _words_of(list(code_of), space, statistics)
    joined = [text.replace(" ", "") for text in texts]
    joined_of: dict[str, int] = {}
    return Names(
        words=words,
        tokens=tokens,
        bits=np.where(tokens == NONE, 0, words.bits[tokens]).sum(axis=1) if len(rows) else np.zeros(0, np.int64),
        joined=joined,
        joined_code=np.fromiter((joined_of.setdefault(j, len(joined_of)) for j in joined), np.int32, len(joined)),
        joined_length=np.fromiter(map(len, joined), np.int32, len(joined)),
    )


def _words_of(texts: list[str], space: str, statistics: Statistics) -> Words:
    def coded(taken: list[str]) -> Codes:
        codes: dict[str, int] = {}
        return np.fromiter((codes.setdefault(t, len(codes)) for t in taken), np.int32, len(taken))

    # The padding -1 reads the last word of these arrays, so there must be one.
    texts = [*texts, ""]
    return Words(
        texts=texts,
        bits=np.fromiter((statistics.rarity(space, t) for t in texts), np.int64, len(texts)),
        length=np.fromiter(map(len, texts), np.int32, len(texts)),
        first=coded([t[:1] for t in texts]),
        ending=coded([t[-2:] for t in texts]),
        plain=np.fromiter((len(t) >= SHORTEST_SPELLING and not is_numbering(t) for t in texts), np.bool_, len(texts)),
    )


def _agreements(names: Names, left: Codes, right: Codes, workers: int) -> tuple[Classes, Ints]:
    """Return class and shared millibits of each pair of names, as `compare.names` does."""
    ours, theirs = names.tokens[left], names.tokens[right]
    equal = (ours[:, :, None] == theirs[:, None, :]) & (ours != NONE)[:, :, None]
    our_common, their_common = equal.any(axis=2), equal.any(axis=1)
    our_rest, their_rest = (ours != NONE) & ~our_common, (theirs != NONE) & ~their_common
    same = names.joined_code[left] == names.joined_code[right]
    our_alike, their_alike = _alike_words(names.words, ours, theirs, our_rest, their_rest, same, workers)
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


def _alike_words(
    words: Words, ours: Codes, theirs: Codes, our_rest: Flags, their_rest: Flags, same: Flags, workers: int
) -> tuple[Flags, Flags]:
    """Return which of the words left over on either side are alike to one left over on the other."""
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


def _find_cut_short(
    names: Names,
    whole: Encoded,
    left_name: Codes,
    right_name: Codes,
    left: Codes,
    right: Codes,
    agreed: Classes,
    shared: Ints,
) -> None:
    """Mark the pairs where one full name is the other cut short (in place)."""
    lengths = np.array([len(text) for text in whole.values] + [0], dtype=np.int64)
    ours, theirs = whole.codes[left], whole.codes[right]
    short = np.minimum(lengths[ours], lengths[theirs])
    possible = (short >= CUT_LENGTHS.start) & (short < CUT_LENGTHS.stop) & (lengths[ours] != lengths[theirs])
    possible &= (agreed != SAME) & (agreed != ALIKE) & (agreed != NONE)
    chosen = np.flatnonzero(possible)
    texts = [*whole.values, ""]
    cut = [is_cut_short(texts[a], texts[b]) for a, b in zip(ours[chosen].tolist(), theirs[chosen].tolist(), strict=True)]
    found = chosen[np.array(cut, dtype=np.bool_)]
    agreed[found] = CUT_SHORT
    shared[found] = np.minimum(names.bits[left_name[found]], names.bits[right_name[found]])


def _improve_by_formers(
    names: Names,
    formers: list[list[int]],
    former: Encoded,
    present: Encoded,
    left: Codes,
    right: Codes,
    agreed: Classes,
    shared: Ints,
    workers: int,
) -> None:
    """Where present names are neither the same nor alike, let a former name that is stand in (in place)."""
    counts = np.array([len(codes) for codes in formers] + [0], dtype=np.int64)
    flat = np.array([code for codes in formers for code in codes], dtype=np.int32)
    starts = np.cumsum(counts) - counts
    open_pairs = np.flatnonzero((agreed != SAME) & (agreed != ALIKE) & (agreed != CUT_SHORT))
    pairs, ours, theirs = [], [], []
    for one, other in ((left, right), (right, left)):
        held = former.codes[other[open_pairs]]
        pairs.append(np.repeat(open_pairs, counts[held]))
        ours.append(np.repeat(present.codes[one[open_pairs]], counts[held]))
        theirs.append(flat[ranges(starts[held], counts[held])])
    pair = np.concatenate(pairs)
    if not len(pair):
        return
    found, bits = _agreements(names, np.concatenate(ours), np.concatenate(theirs), workers)
    good = np.flatnonzero((found == SAME) | (found == ALIKE))
    good = good[np.lexsort((-bits[good], found[good], pair[good]))]
    best = good[np.unique(pair[good], return_index=True)[1]]
    agreed[pair[best]] = FORMERLY_SAME + found[best]
    shared[pair[best]] = bits[best]


def _stands_for(names: Names, short: Codes, acronym: Codes) -> Flags:
    stands: Flags = (short == acronym) & (names.joined_length[short] >= SHORTEST_ACRONYM)
    return stands
