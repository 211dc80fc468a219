"""Names of many pairs read word by word at once: `compare.readings` on integers.

Words are codes; equal words are found by broadcasting, twins once per distinct pair of words.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.words import NONE, Words, tokens_of, words_of
from apps.engine.compare.readings import BY_WORST_TWIN, EQUAL, MOST_GENERAL, MOST_WORDS, NAMES_ALIKE, Agreement
from apps.engine.compare.similarity import edit_similarity_pairs
from apps.engine.compare.words import (
    SHORTEST_BEGINNING,
    SHORTEST_SPELLING,
    Twin,
    is_short_form,
    twin_of,
    word_rarity,
)
from apps.engine.statistics import Statistics

Twins = npt.NDArray[np.int8]
MOST_EDITS = 2
WHOLE_BY_TWIN = np.full(Twin.NONE + 1, Agreement.NONE, dtype=np.int8)
for _twin, _agreement in BY_WORST_TWIN.items():
    WHOLE_BY_TWIN[_twin] = _agreement


@dataclass(frozen=True)
class NameTable:
    """Distinct names (present, former and other) and general words; arrays run over names, or over general texts.

    `doubles` holds, per name, the words that two neighbouring words of it make when written as one.
    """

    words: Words
    tokens: Codes
    doubles: Codes
    bits: Ints
    joined: list[str]
    joined_code: Codes
    joined_length: Codes
    general: Codes
    code_of: dict[str, int]


def name_table(names: list[str], general: list[str], space: str, statistics: Statistics) -> NameTable:
    """Return the tables of distinct names and general texts; rarity is read from the statistics' `space`."""
    code_of: dict[str, int] = {}
    tokens = tokens_of(names, MOST_WORDS, code_of)
    general_tokens = tokens_of(general, MOST_GENERAL, code_of)
    words = words_of(list(code_of), partial(word_rarity, space=space, statistics=statistics))
    joined, doubles = [], np.full((len(names), max(tokens.shape[1] - 1, 1)), NONE, dtype=np.int32)
    for row, name in enumerate(names):
        parts = list(dict.fromkeys(name.split()[:MOST_WORDS]))
        joined.append("".join(parts))
        for place in range(len(parts) - 1):
            doubles[row, place] = code_of.get(parts[place] + parts[place + 1], NONE)
    joined_of: dict[str, int] = {}
    return NameTable(
        words=words,
        tokens=tokens,
        doubles=doubles,
        bits=np.where(tokens == NONE, 0, words.bits[tokens]).sum(axis=1) if names else np.zeros(0, np.int64),
        joined=joined,
        joined_code=np.fromiter((joined_of.setdefault(j, len(joined_of)) for j in joined), np.int32, len(joined)),
        joined_length=np.fromiter(map(len, joined), np.int32, len(joined)),
        general=general_tokens,
        code_of=code_of,
    )


@dataclass(frozen=True)
class Side:
    """One side of many pairs: names, and the codes of their words, then general words, padded with `NONE`."""

    names: Codes
    tokens: Codes
    width: int

    @property
    def is_word(self) -> Flags:
        """Say which tokens are distinctive words."""
        found: Flags = self.tokens != NONE
        found[:, self.width :] = False
        return found


def side_of(table: NameTable, names: Codes, general: Codes | None = None) -> Side:
    """Return a side; `general` are codes of general texts, -1 for none; what is a word already is no general word."""
    words = table.tokens[names]
    if general is None:
        return Side(names, words, words.shape[1])
    extra = np.vstack([table.general, np.full((1, table.general.shape[1]), NONE, dtype=np.int32)])[general]
    twice = (extra[:, :, None] == words[:, None, :]).any(axis=2)
    extra[twice] = NONE
    return Side(names, np.hstack([words, extra]), words.shape[1])


def align(table: NameTable, left: Side, right: Side, workers: int) -> tuple[Twins, Twins]:
    """Return how each token found a twin on the other side, as `compare.readings` does; padding counts as equal."""
    ours, theirs = left.tokens, right.tokens
    equal = (ours[:, :, None] == theirs[:, None, :]) & (ours != NONE)[:, :, None]
    our_twins = np.where(equal.any(axis=2) | (ours == NONE), EQUAL, Twin.NONE).astype(np.int8)
    their_twins = np.where(equal.any(axis=1) | (theirs == NONE), EQUAL, Twin.NONE).astype(np.int8)
    our_rest, their_rest = our_twins != EQUAL, their_twins != EQUAL
    open_pairs = np.flatnonzero(our_rest.any(axis=1) & their_rest.any(axis=1))
    if not len(open_pairs):
        return our_twins, their_twins
    _join(table, (left, right), (our_twins, their_twins), (open_pairs, their_rest))
    _join(table, (right, left), (their_twins, our_twins), (open_pairs, our_rest))
    chosen, i, j = np.nonzero(our_rest[open_pairs][:, :, None] & their_rest[open_pairs][:, None, :])
    pairs = open_pairs[chosen]
    twins = _twins_of(table.words, ours[pairs, i], theirs[pairs, j], workers)
    hits = np.flatnonzero(twins != Twin.NONE)
    np.minimum.at(our_twins, (pairs[hits], i[hits]), twins[hits])
    np.minimum.at(their_twins, (pairs[hits], j[hits]), twins[hits])
    return our_twins, their_twins


def _join(table: NameTable, sides: tuple[Side, Side], twins: tuple[Twins, Twins], rest: tuple[Ints, Flags]) -> None:
    """Mark what one side writes as two neighbouring words and the other in one; in place."""
    (apart, joined), (pairs, open_tokens) = sides, rest
    doubles = table.doubles[apart.names[pairs]]
    hit = (doubles[:, :, None] == joined.tokens[pairs][:, None, :]) & (doubles != NONE)[:, :, None]
    hit &= open_tokens[pairs][:, None, :]
    at, place, token = np.nonzero(hit)
    twins[1][pairs[at], token] = EQUAL
    twins[0][pairs[at], place] = twins[0][pairs[at], place + 1] = EQUAL


def _twins_of(words: Words, left: Codes, right: Codes, workers: int) -> Twins:
    """Return `compare.words.twin_of` of each two words."""
    twins = np.full(len(left), Twin.NONE, dtype=np.int8)
    usable = (words.first[left] == words.first[right]) | (words.ending[left] == words.ending[right])
    usable &= ~words.numbering[left] & ~words.numbering[right]
    kept = np.flatnonzero(usable)
    low, high = np.minimum(left[kept], right[kept]).astype(np.int64), np.maximum(left[kept], right[kept])
    distinct, inverse = np.unique(low * len(words.texts) + high, return_inverse=True)
    if len(kept):
        twins[kept] = _distinct_twins(words, distinct // len(words.texts), distinct % len(words.texts), workers)[
            inverse
        ]
    return twins


def _distinct_twins(words: Words, left: Ints, right: Ints, workers: int) -> Twins:
    short, long = (
        np.minimum(words.length[left], words.length[right]),
        np.maximum(words.length[left], words.length[right]),
    )
    texts = np.array(words.texts, dtype=object)
    ours, theirs = texts[left], texts[right]
    worth = np.zeros(len(left), dtype=np.bool_)
    spelt = np.flatnonzero((long - short <= MOST_EDITS) & (short >= SHORTEST_SPELLING))
    edits = process.cpdist(
        ours[spelt].tolist(), theirs[spelt].tolist(), scorer=OSA.distance, score_cutoff=MOST_EDITS, workers=workers
    )
    worth[spelt] = edits <= MOST_EDITS
    brief = np.flatnonzero(
        (long - short >= 2) & (short >= SHORTEST_BEGINNING) & (words.first[left] == words.first[right])
    )
    both = zip(ours[brief], theirs[brief], strict=True)
    worth[brief] |= np.array([is_short_form(*sorted(pair, key=len)) for pair in both], dtype=np.bool_)
    twins = np.full(len(left), Twin.NONE, dtype=np.int8)
    chosen = np.flatnonzero(worth)
    twins[chosen] = [twin_of(*pair) for pair in zip(ours[chosen], theirs[chosen], strict=True)]
    return twins


def whole_agreements(
    table: NameTable, left: Side, right: Side, twins: tuple[Twins, Twins], workers: int
) -> npt.NDArray[np.int8]:
    """Return how names agree whose every distinctive word has a twin or which are spelt alike; else `NONE`."""
    our_words, their_words = left.is_word, right.is_word
    our_twins, their_twins = np.where(our_words, twins[0], EQUAL), np.where(their_words, twins[1], EQUAL)
    worst = np.maximum(our_twins.max(axis=1, initial=EQUAL), their_twins.max(axis=1, initial=EQUAL))
    agreed: npt.NDArray[np.int8] = WHOLE_BY_TWIN[worst]
    same = table.joined_code[left.names] == table.joined_code[right.names]
    wanted = (agreed == Agreement.NONE) & ~same
    for side, found in ((left, our_twins), (right, their_twins)):
        wanted &= (table.words.plain[side.tokens] | (found == EQUAL)).all(axis=1)
    agreed[_names_alike(table, left.names, right.names, wanted, workers)] = Agreement.ALIKE
    agreed[same] = Agreement.SAME
    return agreed


def _names_alike(table: NameTable, left: Codes, right: Codes, wanted: Flags, workers: int) -> Flags:
    """Return which of the wanted pairs of names are within the edit distance for names that are alike."""
    ours, theirs = table.joined_length[left], table.joined_length[right]
    # The distance is at least the difference in length, so most pairs are settled by their lengths.
    near = np.abs(ours - theirs) * 1000 <= 101 * np.maximum(ours, theirs)
    chosen = np.flatnonzero(wanted & near)
    joined = np.array(table.joined, dtype=object)
    alike: Flags = np.zeros(len(left), dtype=np.bool_)
    similar = edit_similarity_pairs(joined[left[chosen]].tolist(), joined[right[chosen]].tolist(), workers)
    alike[chosen] = similar >= NAMES_ALIKE
    return alike


def shared_millibits(table: NameTable, left: Side, right: Side, twins: tuple[Twins, Twins]) -> Ints:
    """Return the lesser surprise of either side's distinctive words that have a twin."""
    sums = [
        np.where(side.is_word & (found != Twin.NONE), table.words.bits[side.tokens], 0).sum(axis=1)
        for side, found in zip((left, right), twins, strict=True)
    ]
    shared: Ints = np.minimum(*sums)
    return shared
